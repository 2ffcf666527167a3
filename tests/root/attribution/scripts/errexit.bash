# set -e leaves functions without returning from them.
deeper() {
    mark; spawn
    false
    mark
}

deep() {
    mark
    deeper
    mark
}

mark
(set -e; mark; deep; mark)
mark
out=$(set -e; mark; deep; mark)
mark
(mark; set -e; trap 'mark; spawn; mark' EXIT; deep)
mark
unset_variable() {
    mark
    (set -u; mark; : "$not_set"; mark)
    mark
}
unset_variable
mark
set -e
deep
mark
