# shellcheck shell=bash
# The regular expressions that aklo knows by name, in config/patterns.tsv.

# read_pattern NAME
read_pattern() {
    grep "^$1"$'\t' "$AKLO_HOME/config/patterns.tsv" | cut -f2 | tr -d '\r'
}
