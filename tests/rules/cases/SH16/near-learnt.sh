#!/usr/bin/bash
# Each name is looked up once without an answer, and then kept in the same shell.
declare -A known=()
get_cached_regex() { [[ -n ${known[$1]:-} ]] && echo "${known[$1]}"; }
remembered() {
    REPLY=$(get_cached_regex "$1") && return
    REPLY=$(sleep 0.05; sed -n 1p /etc/passwd | cut -c 1)
    known[$1]=$REPLY
}
for round in {1..6}; do
    remembered a
    remembered b
done
