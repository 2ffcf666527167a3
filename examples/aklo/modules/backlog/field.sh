# shellcheck shell=bash
# The `name: value` lines at the head of an item.

# item_field FILE NAME
item_field() {
    # shellcheck disable=SC2002  # the useless cat is one of the habits this example shows
    cat "$1" | { grep "^$2:" || true; } | cut -d: -f2- | sed -n '1s/^ *//p'
}

# item_id KIND FILE_NAME: sets REPLY
item_id() {
    regex_for "$1_id"
    if [[ $2 =~ $REPLY ]]; then
        REPLY=${BASH_REMATCH[0]}
    else
        REPLY=$2
    fi
}
