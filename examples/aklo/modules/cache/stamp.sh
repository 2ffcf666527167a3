# shellcheck shell=bash
# Modification times: what tells a fresh entry from a stale one.

# seconds since the epoch
file_mtime() {
    stat -c %Y "$1"
}

# to the nanosecond
file_stamp() {
    stat -c %y "$1"
}
