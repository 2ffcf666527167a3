# For bats and other tests in bash: what a command may cost. Source this file, or `load` it.
#
#   within_budget LIMIT... -- COMMAND [ARG...]
#
# runs COMMAND traced. LIMITs are those of `aklo-trace check --max`, such as processes=3 or
# calls:openat=40. The status is the command's own; or 1 if a limit is crossed and 3 if the trace
# cannot tell, and then stderr says why. AKLO_TRACE is the tracer, if it is not on PATH.
# shellcheck shell=bash

within_budget() {
    local limits=() folder status=0 crossed=0 checked
    while [ "${1:---}" != -- ]; do
        limits+=(--max "$1")
        shift
    done
    shift
    folder=$(mktemp -d) || return
    "${AKLO_TRACE:-aklo-trace}" record -q -o "$folder/trace" -- "$@" || status=$?
    checked=$("${AKLO_TRACE:-aklo-trace}" check "$folder/trace" "${limits[@]}" 2>&1) || crossed=$?
    rm -rf "$folder"
    [ "$crossed" = 0 ] && return "$status"
    printf '%s\n' "$checked" >&2
    return "$crossed"
}
