# shellcheck shell=bash
# aklo new: makes a backlog item with the next ID.

cmd_new() {
    local kind=${1:-} title
    [[ -n $kind ]] || usage_error new 'which kind of item?'
    [[ -n ${KIND_PREFIX[$kind]:-} ]] || usage_error new "'$kind' is not a kind of item"
    shift
    title=$*
    [[ $title =~ [^[:space:]] ]] || usage_error new "an item needs a title"
    [[ $title != *$'\n'* ]] || usage_error new 'a title is one line'
    require_project
    create_item "$kind" "$title"
}
