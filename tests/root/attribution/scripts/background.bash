# Background jobs.
work() {
    mark
    [[ -e /nothing ]]
    mark; spawn
    mark
}

start() {
    mark
    work &
    mark
    { mark; work; mark; } &
    mark; spawn &
    mark
    (mark; work; mark) &
    mark
    wait
    mark
}

mark
start
mark
start & mark
wait
mark
