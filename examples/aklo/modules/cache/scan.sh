# shellcheck shell=bash
# The cache of directory scans, shared by all projects: <scan_dir>/<path>.cache. Its first
# line says which state of which directory it holds, the others are the names.

source "$AKLO_HOME/modules/cache/metrics.sh"
source "$AKLO_HOME/modules/cache/stamp.sh"

# cached_scan DIRECTORY
cached_scan() {
    local entry header names lines=()
    scan_entry "$1"
    entry=$REPLY
    header="$(file_stamp "$1") $1"
    if [[ -O $entry ]]; then
        mapfile -t lines <"$entry"
    fi
    if [[ ${lines[0]:-} == "$header" ]]; then
        record_cache_metric scan hits
        names=("${lines[@]:1}")
    else
        record_cache_metric scan misses
        mapfile -t names < <(scan_directory "$1")
        store_scan "$entry" "$header" "${names[@]}"
    fi
    print_lines "${names[@]}"
}

# scan_directory DIRECTORY: the items in it, by number.
scan_directory() {
    # shellcheck disable=SC2010,SC2012  # the names are of aklo's own making
    ls -1 "$1" | { grep -E '^[A-Z]+-[0-9]+.*\.md$' || true; } | sort -t- -k2n
}

# scan_entry DIRECTORY: sets REPLY. A name that is too long for a file loses its beginning;
# the first line of the entry keeps two such directories apart.
scan_entry() {
    local key=${1//\//_}
    if ((${#key} > 200)); then
        key=${key: -200}
    fi
    REPLY=$SCAN_CACHE_DIR/$key.cache
}

# store_scan ENTRY LINE...: /tmp is everyone's, only a directory of our own is written to.
store_scan() {
    mkdir -p "$SCAN_CACHE_DIR" 2>/dev/null || true
    if [[ -O $SCAN_CACHE_DIR ]]; then
        store_entry "$1" "$(print_lines "${@:2}")"
    fi
}

print_lines() {
    if (($# > 0)); then
        printf '%s\n' "$@"
    fi
}
