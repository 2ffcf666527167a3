# shellcheck shell=bash
# The session log: timestamp|operation_type|target|duration_ms|status|details, one line for
# each command, written as aklo ends.

# start_session COMMAND ARGUMENT...
start_session() {
    SESSION_TARGET=${1:-help}
    SESSION_DETAILS=arguments=$(($# > 0 ? $# - 1 : 0))
    now_us SESSION_STARTED_US
    trap 'end_session "$?"' EXIT
}

# end_session STATUS
end_session() {
    close_sandbox
    if [[ $(get_config IO_MONITORING_ENABLED '' true) == true ]]; then
        log_session "$1"
    fi
}

session_log_file() {
    say "$(below_root "$AKLO_STATE_ROOT" "$(get_config IO_METRICS_DIR '' .aklo_metrics)")/session.log"
}

# log_session STATUS
log_session() {
    local file ended_us
    file=$(session_log_file)
    mkdir -p "${file%/*}" 2>/dev/null || return 0
    now_us ended_us
    if [[ -w ${file%/*} ]]; then
        printf '%s|command|%s|%d|%d|%s\n' "$(date +%Y-%m-%dT%H:%M:%S)" \
            "${SESSION_TARGET//[^[:alnum:]_.-]/_}" "$(((ended_us - SESSION_STARTED_US) / 1000))" \
            "$1" "$SESSION_DETAILS" >>"$file"
    fi
}
