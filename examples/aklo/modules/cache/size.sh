# shellcheck shell=bash
# How much the caches hold.

# directory_kilobytes DIRECTORY: 0 where there is none
directory_kilobytes() {
    if [[ -d $1 ]]; then
        du -sk "$1" | cut -f1
    else
        say 0
    fi
}

# count_files FILE...: how many of them exist
count_files() {
    local file count=0
    for file in "$@"; do
        if [[ -f $file ]]; then
            count=$((count + 1))
        fi
    done
    printf '%d' "$count"
}
