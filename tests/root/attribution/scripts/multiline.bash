# Commands that go over several lines.
work() {
    mark; spawn \
        one \
        two
    mark
}

long() {
    mark
    work \
        one \
        two
    mark
    [[ -e /nothing ]] ||
        work &&
        mark
    if [[ -e /nothing ]] ||
        [[ -e /dev/null ]]; then
        mark; spawn
    fi
    mark
    local list=(
        one
        "$(mark; work)"
        three
    )
    mark
    printf '%s\n' \
        "$(mark)" \
        "${list[@]}" \
        > /dev/null
    mark
    (
        mark
    ) > /dev/null \
        2>&1
    mark
}

mark
long
mark
