loader() {
    mark
    source "${BASH_SOURCE[0]%/*}/loaded.bash"
    mark
    loaded
    mark
}

mark
loader
mark
