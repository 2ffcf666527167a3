# Pipelines: each part runs in a process of its own.
produce() {
    mark
    printf '%s\n' a b c
    mark; spawn
    mark
}

consume() {
    mark
    local line
    while read -r line; do
        mark
    done
    mark; spawn
    mark
}

both() {
    mark
    produce | consume
    mark
    produce |
        consume
    mark; spawn | spawn | spawn
    mark
    { mark; produce; mark; } | { mark; consume; mark; }
    mark
    ! produce | consume
    mark
    produce | while read -r _; do mark; spawn; mark; done
    mark
}

mark
both
mark
produce | consume
mark
both | consume
mark
