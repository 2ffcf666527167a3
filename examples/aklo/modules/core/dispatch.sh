# shellcheck shell=bash
# From the first word of the command line to the function that does it.

dispatch() {
    local command=${1:-help} function
    case $command in
        -h | --help) command=help ;;
    esac
    function=$(printf 'cmd_%s' "$command" | tr '[:upper:]-' '[:lower:]_')
    if ! declare -F "$function" >/dev/null; then
        warn "unknown command '$command'"
        list_commands >&2
        return 1
    fi
    shift "$(($# > 0))"
    "$function" "$@"
}

# usage_error COMMAND MESSAGE
usage_error() {
    warn "$2"
    usage_of "$1" >&2
    exit 2
}
