# shellcheck shell=bash
# aklo monitor: what the caches and the last commands did.

cmd_monitor() {
    local count=1 interval=2 screen
    if [[ ${1:-} == dashboard ]]; then
        shift
    fi
    while (($# > 0)); do
        case $1 in
            --count) monitor_option count "$1" "${2:-}" count ;;
            --interval) monitor_option seconds "$1" "${2:-}" interval ;;
            *) usage_error monitor "unexpected argument '$1'" ;;
        esac
        shift 2
    done
    if [[ $(get_config IO_DASHBOARD_ENABLED '' true) != true ]]; then
        fail 1 'the dashboard is switched off: IO_DASHBOARD_ENABLED is not true'
    fi
    for ((screen = 1; screen <= count; screen++)); do
        show_dashboard
        if ((screen < count)); then
            sleep "$interval"
        fi
    done
}

# monitor_option PATTERN OPTION VALUE VARIABLE
monitor_option() {
    regex_for "$1"
    [[ $3 =~ $REPLY ]] || usage_error monitor "$2 cannot be '$3'"
    printf -v "$4" '%s' "$3"
}
