# shellcheck shell=bash
# The structure of an item: the fenced block of a protocol that starts with ```item <kind>.

# extract_structure PROTOCOL KIND
extract_structure() {
    awk -v kind="$2" '
        $1 == "```item" && $2 == kind { inside = found = 1; next }
        inside && /^```/ { inside = 0 }
        inside { print }
        END { exit !found }
    ' "$1"
}
