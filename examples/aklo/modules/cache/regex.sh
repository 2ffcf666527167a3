# shellcheck shell=bash
# The cache of regular expressions, in memory, for the length of one run.

source "$AKLO_HOME/modules/cache/metrics.sh"
source "$AKLO_HOME/modules/cache/pattern.sh"

declare -gA REGEX_CACHE=()

# get_cached_regex NAME: status 0 and the pattern on a hit, 1 on a miss.
get_cached_regex() {
    if [[ -z ${REGEX_CACHE[$1]:-} ]]; then
        record_cache_metric regex misses
        return 1
    fi
    record_cache_metric regex hits
    say "${REGEX_CACHE[$1]}"
}

# regex_for NAME: sets REPLY. What is learnt is kept here, in the shell that asked:
# get_cached_regex runs in a subshell and could not keep it.
regex_for() {
    if ! REPLY=$(get_cached_regex "$1"); then
        REPLY=$(read_pattern "$1")
        REGEX_CACHE[$1]=$REPLY
    fi
}
