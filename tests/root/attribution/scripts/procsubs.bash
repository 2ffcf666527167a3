# Process substitution, to read from and to write to.
produce() {
    mark
    echo one
    mark; spawn
    mark
}

consume() {
    mark
    local line
    while read -r line; do
        mark
    done
    mark
}

both() {
    mark
    consume < <(mark; produce; mark)
    mark
    consume < <(produce)
    mark
    produce > >(mark; consume; mark)
    mark
    wait $!
    mark; spawn
    mark
    consume < <(
        mark
        produce
        mark
    )
    mark
}

mark
both
mark
consume < <(both)
mark
