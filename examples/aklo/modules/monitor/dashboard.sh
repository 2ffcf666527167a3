# shellcheck shell=bash
# The dashboard: one screen of text.

declare -ga CACHE_NAMES=(parsed id scan regex)

show_dashboard() {
    say "aklo monitor: $(get_config PROJECT_NAME)"
    say
    show_cache_bars
    say
    show_sessions
}

show_cache_bars() {
    local cache hits misses share
    load_metrics
    say 'Caches                            hits  misses'
    for cache in "${CACHE_NAMES[@]}"; do
        hits=${METRICS[${cache}_hits]:-0}
        misses=${METRICS[${cache}_misses]:-0}
        share=$(percent "$hits" "$((hits + misses))")
        printf '  %-7s %s %3d%% %6d %7d\n' "$cache" "$(bar "$share")" "$share" "$hits" "$misses"
    done
}

show_sessions() {
    local file threshold_ms
    file=$(session_log_file)
    threshold_ms=$(whole_number "$(get_config IO_ALERT_THRESHOLD_MS '' 1000)" 1000)
    say "Commands       runs   mean ms    max ms  failed  slow (over $threshold_ms ms)"
    if [[ -r $file ]]; then
        summarise_sessions "$file" "$threshold_ms"
    else
        say '  none yet'
    fi
}
