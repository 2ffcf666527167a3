# shellcheck shell=bash
# aklo status: the state of the backlog.

cmd_status() {
    local kind
    (($# == 0)) || usage_error status "unexpected argument '$1'"
    require_project
    say "Project: $(get_config PROJECT_NAME '' "$(basename "$AKLO_PROJECT_ROOT")")"
    say "Folder:  $AKLO_PROJECT_ROOT"
    say 'Backlog:'
    for kind in "${KINDS[@]}"; do
        kind_summary "$kind"
    done
    say 'Next:'
    for kind in "${KINDS[@]}"; do
        next_open_item "$kind" | sed 's/^/  /'
    done
}
