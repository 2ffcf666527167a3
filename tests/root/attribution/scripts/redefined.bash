# Functions that are redefined, also while they run, and unset while they run.
same() {
    mark; spawn
    mark
}
mark
same
mark
same() {
    mark
    [[ -e /nothing ]]

    mark; spawn
    mark
}
same
mark

itself() {
    mark
    itself() {
        mark; spawn
        mark
    }
    mark; spawn
    itself
    mark
}
itself
mark
itself
mark

gone() {
    mark
    unset -f gone
    mark; spawn
    same
    mark
}
gone
mark
same
mark
