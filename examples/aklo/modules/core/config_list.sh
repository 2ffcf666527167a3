# shellcheck shell=bash
# Every key that either file has.

list_config_names() {
    local file
    for file in "$AKLO_PROJECT_ROOT/.aklo.conf" "$AKLO_HOME/config/.aklo.conf"; do
        if [[ -f $file ]]; then
            config_names "$file"
        fi
    done | sort -u
}

config_names() {
    awk -F= '
        /^[ \t]*#/ { next }
        /^[ \t]*\[/ {
            sub(/^[ \t]*\[/, ""); sub(/\].*$/, "")
            section = $0 "."
            next
        }
        NF > 1 && $1 ~ /^[ \t]*[A-Za-z_][A-Za-z0-9_]*[ \t]*$/ {
            gsub(/[ \t]/, "", $1)
            print section $1
        }' "$1"
}
