# With lastpipe the last part of a pipeline runs in the shell itself.
shopt -s lastpipe

produce() {
    mark
    printf '%s\n' a b c
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
    produce | while read -r line; do
        mark
        consume < /dev/null
        mark
    done
    mark; spawn
    mark
}

mark
both
mark
produce | consume
mark
