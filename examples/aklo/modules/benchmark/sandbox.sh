# shellcheck shell=bash
# The benchmark's own project: a throw-away directory, so that every run starts cold and
# nothing of the user's changes.

declare -g SANDBOX='' PROJECT_OUTSIDE=''
declare -gir SANDBOX_ITEMS=40

# open_sandbox: makes it and goes on as if aklo had been started in it.
open_sandbox() {
    PROJECT_OUTSIDE=$AKLO_PROJECT_ROOT
    SANDBOX=$(mktemp -d "${TMPDIR:-/tmp}/aklo_benchmark.XXXXXX")
    cp "$AKLO_HOME/project/.aklo.conf" "$SANDBOX"
    cp -R "$AKLO_HOME/project/protocols" "$SANDBOX"
    local kind
    for kind in "${KINDS[@]}"; do
        fill_backlog "$kind" "$SANDBOX/backlog/$kind"
    done
    open_project "$SANDBOX"
    open_cache
}

# fill_backlog KIND DIRECTORY
fill_backlog() {
    local number id
    mkdir -p "$2"
    for ((number = 1; number <= SANDBOX_ITEMS; number++)); do
        id=${KIND_PREFIX[$1]}-$number
        printf 'id: %s\ntitle: Item %d\nstatus: %s\n\nMade for the benchmark.\n' \
            "$id" "$number" "${STATES[number % ${#STATES[@]}]}" >"$2/$id-item.md"
    done
}

# age_sandbox YEAR: another modification time for all that the caches look at.
age_sandbox() {
    touch -d "$1-01-01" "$SANDBOX"/protocols/*.md "$SANDBOX"/backlog/*/
}

# close_sandbox: removes it, if there is one, and goes back to the project.
close_sandbox() {
    local kind
    if [[ -z $SANDBOX ]]; then
        return 0
    fi
    for kind in "${KINDS[@]}"; do
        scan_entry "$SANDBOX/backlog/$kind"
        rm -f "$REPLY"
    done
    rm -rf "$SANDBOX"
    SANDBOX=''
    open_project "$PROJECT_OUTSIDE"
}
