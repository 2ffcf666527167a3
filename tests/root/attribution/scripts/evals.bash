# eval: the text of a string has lines of its own.
called() {
    mark; spawn
    mark
}

evaluate() {
    mark
    eval 'mark; spawn; mark'
    mark
    eval 'mark
        called
        mark; spawn
        mark'
    mark
    eval called
    mark
    eval 'eval "called"; mark'
    mark
    eval 'made() { mark; spawn; mark; }'
    mark
    made
    mark
}

mark
eval 'mark; called; mark'
mark
evaluate
mark
