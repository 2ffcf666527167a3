# shellcheck shell=bash
# The cache of parsed protocols: one <protocol>_<kind>.parsed for each structure, and beside
# it the protocol's modification time. Every lookup asks the configuration what to do, which
# takes far longer than parsing the protocol again.

source "$AKLO_HOME/modules/core/config.sh"
source "$AKLO_HOME/modules/cache/metrics.sh"
source "$AKLO_HOME/modules/cache/stamp.sh"

# cached_structure PROTOCOL KIND: status 1 if the protocol has no such structure.
cached_structure() {
    local enabled directory ttl_days max_size_mb entry stamp structure
    enabled=$(get_config enabled cache true)
    directory=$(below_root "$AKLO_STATE_ROOT" "$(get_config cache_dir cache .aklo_cache)")
    ttl_days=$(get_config ttl_days cache 7)
    max_size_mb=$(get_config max_size_mb cache 100)
    if [[ $enabled != true ]]; then
        extract_structure "$1" "$2"
        return "$?"
    fi
    entry=$directory/$(basename "$1" .md)_$2.parsed
    stamp=$(file_mtime "$1")
    if parsed_is_valid "$entry" "$stamp" "$ttl_days"; then
        record_cache_metric parsed hits
        cat "$entry"
    else
        record_cache_metric parsed misses
        structure=$(extract_structure "$1" "$2") || return
        store_structure "$entry" "$stamp" "$max_size_mb" "$structure"
        say "$structure"
    fi
}

# parsed_is_valid ENTRY STAMP TTL_DAYS
parsed_is_valid() {
    [[ -f $1 && -f $1.mtime ]] &&
        [[ $(cat "$1.mtime") == "$2" ]] &&
        ! is_expired "$1" "$3"
}

# store_structure ENTRY STAMP MAX_SIZE_MB TEXT. The companion comes last: an entry that is
# only half written is never valid.
store_structure() {
    local max_size_kb=$(($(whole_number "$3" 100) * 1024))
    if (($(directory_kilobytes "${1%/*}") < max_size_kb)); then
        store_entry "$1" "$4"
        store_entry "$1.mtime" "$2"
    fi
}
