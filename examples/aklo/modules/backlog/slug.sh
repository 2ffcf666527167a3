# shellcheck shell=bash
# A title as a piece of a file name.

slug() {
    local text
    text=$(printf '%s' "$1" |
        tr '[:upper:]' '[:lower:]' |
        sed -E -e 's/[^a-z0-9]+/-/g' -e 's/^-//' |
        cut -c 1-40)
    say "${text%-}"
}
