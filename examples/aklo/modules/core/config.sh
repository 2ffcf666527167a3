# shellcheck shell=bash
# Looks a key up in .aklo.conf: the project's, then the tool's. Nothing is kept: every
# lookup starts its programs anew.

# get_config KEY [SECTION] [DEFAULT]
get_config() {
    local key=$1 section=${2:-} default=${3:-} file value
    for file in "$AKLO_PROJECT_ROOT/.aklo.conf" "$AKLO_HOME/config/.aklo.conf"; do
        if [[ -f $file ]] && value=$(config_in_file "$file" "$key" "$section"); then
            say "$value"
            return 0
        fi
    done
    say "$default"
}

# config_in_file FILE KEY SECTION: status 1 if the file does not have the key. The last one
# counts, as in a shell.
config_in_file() {
    config_section "$1" "$3" |
        grep -E "^[[:space:]]*$2[[:space:]]*=" |
        tail -n 1 |
        cut -d= -f2- |
        config_value
}

# config_section FILE SECTION: its lines; those before the first section for an empty name.
config_section() {
    if [[ -z $2 ]]; then
        sed '/^[[:space:]]*\[/,$d' "$1"
    else
        sed -n "/^[[:space:]]*\[${2//./\\.}\]/,/^[[:space:]]*\[/p" "$1"
    fi
}
