# shellcheck shell=bash
# Entries that are too old to be believed.

source "$AKLO_HOME/modules/cache/stamp.sh"

# is_expired FILE DAYS
is_expired() {
    local age=$(($(date +%s) - $(file_mtime "$1")))
    ((age > $(whole_number "$2" 7) * 86400))
}

# drop_expired DIRECTORY DAYS
drop_expired() {
    local entry
    for entry in "$1"/*.parsed; do
        if [[ -f $entry ]] && is_expired "$entry" "$2"; then
            rm -f "$entry" "$entry.mtime"
        fi
    done
}
