# Functions that a child bash gets through its environment, and scripts given as text.
exported() {
    mark && spawn
    mark
}
caller() {
    mark
    "$BASH" -c 'mark; exported; mark'
    mark
    "$BASH" -c 'own() { mark; exported; mark; }; mark; own
        mark; own
        mark'
    mark
}
export -f exported
mark
"$BASH" -c 'mark; exported; mark'
mark
caller
mark
"$BASH" << 'END'
own() {
    mark
    exported
    mark; spawn
    mark
}
mark
own
mark
END
mark
