# shellcheck shell=bash
# The right side of `KEY=value`: quotes and comments taken off.

config_value() {
    sed -E \
        -e 's/^[[:space:]]+//' \
        -e '/^"/ { s/^"([^"]*)".*/\1/; b' -e '}' \
        -e "/^'/ { s/^'([^']*)'.*/\\1/; b" -e '}' \
        -e 's/(^|[[:space:]]+)#.*$//' \
        -e 's/[[:space:]]+$//'
}
