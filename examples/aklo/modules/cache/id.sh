# shellcheck shell=bash
# The cache of next IDs: <kind>_id_cache.parsed holds the ID and the stamp of the directory
# that it was counted from.

source "$AKLO_HOME/modules/cache/metrics.sh"
source "$AKLO_HOME/modules/cache/stamp.sh"

# cached_next_id KIND DIRECTORY
cached_next_id() {
    local entry=$CACHE_DIR/$1_id_cache.parsed id='' known='' stamp
    stamp="$(file_stamp "$2") $2"
    if [[ -f $entry ]]; then
        { read -r id && read -r known; } <"$entry" || true
    fi
    if [[ $known == "$stamp" && $id =~ ^[0-9]+$ ]]; then
        record_cache_metric id hits
    else
        record_cache_metric id misses
        id=$(count_next_id "$1" "$2")
        store_entry "$entry" "$id"$'\n'"$stamp"
    fi
    say "$id"
}

# remember_next_id KIND DIRECTORY ID: after an item was made.
remember_next_id() {
    store_entry "$CACHE_DIR/$1_id_cache.parsed" "$3"$'\n'"$(file_stamp "$2") $2"
}

# count_next_id KIND DIRECTORY: one more than the highest number among the file names.
count_next_id() {
    local last
    # shellcheck disable=SC2010,SC2012  # the names are of aklo's own making
    last=$(ls -1 "$2" |
        { grep -oE "^${KIND_PREFIX[$1]}-[0-9]+" || true; } |
        cut -d- -f2 |
        sort -n |
        tail -n 1)
    say "$((10#${last:-0} + 1))"
}
