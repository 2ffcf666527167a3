mark; spawn
odd() {
    mark; spawn
    mark
}
odd
mark
