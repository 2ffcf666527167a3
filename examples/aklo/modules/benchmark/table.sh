# shellcheck shell=bash
# The benchmark of each cache, and its line in the table.

benchmark_header() {
    printf '%-8s%8s%13s%11s%11s%10s%7s%8s\n' \
        cache lookups 'without ms' 'cold ms' 'warm ms' 'warm/w.o.' hits misses
}

# benchmark_cache CACHE ROUNDS: without the cache, then with it: one cold round, the warm
# ones, and one with sources that have changed.
benchmark_cache() {
    local without_us cold_us warm_us
    lap "$2" "$1" "${DIRECT_LOOKUP[$1]}"
    without_us=$LAP_US
    lap 1 "$1" "${CACHED_LOOKUP[$1]}"
    cold_us=$LAP_US
    lap "$2" "$1" "${CACHED_LOOKUP[$1]}"
    warm_us=$LAP_US
    age_sandbox 2001
    lap 1 "$1" "${CACHED_LOOKUP[$1]}"
    age_sandbox 2002
    benchmark_line "$1" "$(($2 * ${#KINDS[@]}))" "$without_us" "$cold_us" "$warm_us"
}

# benchmark_line CACHE LOOKUPS WITHOUT_US COLD_US WARM_US
benchmark_line() {
    load_metrics
    printf '%-8s%8d%13s%11s%11s%9sx%7d%8d\n' "$1" "$2" \
        "$(decimal "$3")" "$(decimal "$4")" "$(decimal "$5")" \
        "$(decimal "$((1000 * $5 / ($3 > 0 ? $3 : 1)))")" \
        "${METRICS[$1_hits]:-0}" "${METRICS[$1_misses]:-0}"
    benchmark_verdict "$(($3 - $5))"
}

# benchmark_verdict SAVED_US
benchmark_verdict() {
    if (($1 < 0)); then
        say "        costs $(decimal "$((-$1))") ms more than it saves"
    else
        say "        saves $(decimal "$1") ms"
    fi
}
