# shellcheck shell=bash
# What aklo says, and how it gives up.

say() {
    printf '%s\n' "$*"
}

warn() {
    printf 'aklo: %s\n' "$*" >&2
}

# fail STATUS MESSAGE...
fail() {
    local status=$1
    shift
    warn "$@"
    exit "$status"
}
