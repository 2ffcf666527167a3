# shellcheck shell=bash
# The wall clock, in microseconds.

# now_us VARIABLE
now_us() {
    local time=${EPOCHREALTIME:-}
    if [[ -n $time ]]; then
        printf -v "$1" '%s' "${time/[^0-9]/}"
    else # bash before 5.0
        printf -v "$1" '%s' "$(($(date +%s%N) / 1000))"
    fi
}
