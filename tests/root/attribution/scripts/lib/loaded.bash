mark
loaded() {
    mark; spawn
    mark
}
mark; spawn

mark
loaded
mark
