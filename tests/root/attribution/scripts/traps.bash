# Traps: DEBUG, ERR, RETURN, signals and EXIT.
handle() {
    mark; spawn
    mark
}

failing() {
    mark
    false
    mark
}

debugged() {
    mark
    trap 'mark' DEBUG
    [[ -e /nothing ]]
    : one
    trap - DEBUG
    mark; spawn
    mark
}

signalled() {
    mark
    kill -USR1 $BASHPID
    mark; spawn
    mark
}

returning() {
    mark
    trap 'mark' RETURN
    mark
    trap - RETURN
    mark
}

trap 'mark; handle; mark' USR1
trap 'mark; handle; mark' EXIT
mark
debugged
mark
trap 'handle' ERR
set -o errtrace
failing
mark
false
set +o errtrace
trap - ERR
mark
signalled
mark
kill -USR1 $$
mark
returning
mark
(trap 'mark; handle; mark' EXIT; mark; exit 3)
mark
