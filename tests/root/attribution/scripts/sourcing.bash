# source at top level, within functions, and from one sourced file to the next.
here=${BASH_SOURCE[0]%/*}
load() {
    mark
    source "$here/lib/loaded.bash"
    mark
    . "$here/lib/loaded.bash" with arguments
    mark; loaded
    mark
}

mark
source "$here/lib/loaded.bash"
mark
loaded
mark
load
mark
source "$here/lib/loader.bash"
mark; spawn
mark
