# shellcheck shell=bash
# Hits and misses of every cache. Lookups run in subshells, so the counters live in a file,
# and each update reads and rewrites all of it.

declare -gA METRICS=()

load_metrics() {
    local line
    METRICS=()
    if [[ ! -f $METRICS_FILE ]]; then
        return 0
    fi
    while read -r line; do
        if [[ $line =~ ^\"([a-z_]+)\":\ ([0-9]+),?$ ]]; then
            METRICS[${BASH_REMATCH[1]}]=${BASH_REMATCH[2]}
        fi
    done <"$METRICS_FILE"
}

save_metrics() {
    local name text=''
    for name in {,parsed_,id_,scan_,regex_}{hits,misses}; do
        text+="  \"$name\": ${METRICS[$name]:-0},"$'\n'
    done
    store_entry "$METRICS_FILE" "{"$'\n'"${text%,*}"$'\n'"}"
}

# record_cache_metric CACHE hits|misses
record_cache_metric() {
    load_metrics
    METRICS[$2]=$((${METRICS[$2]:-0} + 1))
    METRICS[$1_$2]=$((${METRICS[$1_$2]:-0} + 1))
    save_metrics
}
