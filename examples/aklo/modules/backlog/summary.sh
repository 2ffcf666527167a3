# shellcheck shell=bash
# How many items there are in each state.

declare -ga STATES=(open doing 'done')

# kind_summary KIND: one line
kind_summary() {
    local directory state states
    directory=$(kind_directory "$1")
    if [[ ! -d $directory ]]; then
        return 0
    fi
    states=$(item_states "$directory")
    printf '  %-6s %3d' "$1" "$(printf '%s' "$states" | wc -w)"
    for state in "${STATES[@]}"; do
        printf '  %s %d' "$state" "$(printf '%s' "$states" | { grep -cx "$state" || true; })"
    done
    printf '\n'
}

# item_states DIRECTORY: the state of every item, one to a line
item_states() {
    cached_scan "$1" | while read -r name; do
        item_field "$1/$name" status
    done
}

# next_open_item KIND
next_open_item() {
    local directory name names
    directory=$(kind_directory "$1")
    if [[ ! -d $directory ]]; then
        return 0
    fi
    mapfile -t names < <(cached_scan "$directory")
    for name in "${names[@]}"; do
        if [[ $(item_field "$directory/$name" status) == open ]]; then
            item_id "$1" "$name"
            say "$REPLY $(item_field "$directory/$name" title)"
            return 0
        fi
    done
}
