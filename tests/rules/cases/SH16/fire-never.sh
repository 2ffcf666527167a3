#!/usr/bin/bash
# Each lookup has a process of its own, and what it learns ends with that.
declare -A known=()
get_cached_regex() {
    if [[ -z ${known[$1]:-} ]]; then
        date >>asked # HERE
        return 1
    fi
    echo "${known[$1]}"
}
remembered() {
    REPLY=$(get_cached_regex "$1") && return
    REPLY="^$1$"
    known[$1]=$REPLY
}
for round in {1..12}; do
    (remembered name)
done
