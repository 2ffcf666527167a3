# shellcheck shell=bash
# One round of lookups for each cache: round_<cache> FUNCTION calls FUNCTION for everything
# there is to look up. FUNCTION either asks the cache or does the work.

declare -gA DIRECT_LOOKUP=(
    [parsed]=extract_structure
    [id]=count_next_id
    [scan]=scan_directory
    [regex]=read_pattern
)
declare -gA CACHED_LOOKUP=(
    [parsed]=cached_structure
    [id]=cached_next_id
    [scan]=cached_scan
    [regex]=regex_for
)

round_parsed() {
    local kind
    for kind in "${KINDS[@]}"; do
        "$1" "$SANDBOX/protocols/${KIND_PROTOCOL[$kind]}.md" "$kind" >/dev/null
    done
}

round_id() {
    local kind
    for kind in "${KINDS[@]}"; do
        "$1" "$kind" "$SANDBOX/backlog/$kind" >/dev/null
    done
}

round_scan() {
    local kind
    for kind in "${KINDS[@]}"; do
        "$1" "$SANDBOX/backlog/$kind" >/dev/null
    done
}

round_regex() {
    local kind
    for kind in "${KINDS[@]}"; do
        "$1" "${kind}_id" >/dev/null
    done
}
