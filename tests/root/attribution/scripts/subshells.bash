# A function whose body is a subshell, called apart, and subshells within functions.
apart() (
    mark
    cd /
    mark; spawn
    mark
)

within() {
    mark
    (
        mark
        apart
        mark; spawn
        mark
    )
    mark
    (mark; apart; mark)
    mark
    ( (mark; spawn; mark); mark )
    mark
}

mark
apart
mark
within
(mark; within; mark)
mark
