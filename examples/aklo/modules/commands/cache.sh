# shellcheck shell=bash
# aklo cache: looks at, empties or measures the caches.

cmd_cache() {
    case ${1:-} in
        status | clear | benchmark) "cache_$1" "${@:2}" ;;
        '') usage_error cache 'what about the cache?' ;;
        *) usage_error cache "unknown action '$1'" ;;
    esac
}

cache_status() {
    local hits misses
    load_metrics
    hits=${METRICS[hits]:-0}
    misses=${METRICS[misses]:-0}
    say "Enabled:   $(get_config enabled cache true)"
    say "Directory: $CACHE_DIR"
    say "Size:      $(directory_kilobytes "$CACHE_DIR") KB of $(get_config max_size_mb cache 100) MB"
    say "Parsed:    $(count_files "$CACHE_DIR"/*.parsed.mtime) entries"
    say "IDs:       $(count_files "$CACHE_DIR"/*_id_cache.parsed) entries"
    say "Scans:     $(count_files "$SCAN_CACHE_DIR"/*.cache) entries in $SCAN_CACHE_DIR"
    say "Hits:      $hits"
    say "Misses:    $misses"
    say "Hit ratio: $(percent "$hits" "$((hits + misses))") %"
}

cache_clear() {
    clear_project_caches
    clear_scan_cache
    say 'The caches are empty.'
}

cache_benchmark() {
    local rounds=7 cache
    if [[ ${1:-} == --rounds ]]; then
        regex_for count
        [[ ${2:-} =~ $REPLY ]] || usage_error cache '--rounds takes a number from 1 to 9999'
        rounds=$2
        shift 2
    fi
    (($# == 0)) || usage_error cache "unexpected argument '$1'"
    say "Cache benchmark: ${#KINDS[@]} lookups for each cache, rounds: $rounds"
    REGEX_CACHE=()
    open_sandbox
    benchmark_header
    for cache in "${CACHE_NAMES[@]}"; do
        benchmark_cache "$cache" "$rounds"
    done
}
