# shellcheck shell=bash
# Numbers read from files, and thousandths as decimals without asking the locale.

# whole_number TEXT DEFAULT: text from a file never reaches an arithmetic expression unchecked.
whole_number() {
    if [[ $1 =~ ^[0-9]{1,9}$ ]]; then
        printf '%d' "$((10#$1))"
    else
        printf '%d' "$2"
    fi
}

# decimal THOUSANDTHS: 1234 is 1.234
decimal() {
    printf '%d.%03d' "$(($1 / 1000))" "$(($1 % 1000))"
}

# percent PART WHOLE
percent() {
    if (($2 == 0)); then
        printf '0'
    else
        printf '%d' "$((100 * $1 / $2))"
    fi
}
