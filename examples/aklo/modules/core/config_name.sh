# shellcheck shell=bash
# Names of keys as people type them: KEY, or section.key.

# get_named_config NAME: status 1 if neither file has it.
get_named_config() {
    local name=$1 section='' file
    regex_for config_name
    [[ $name =~ $REPLY ]] || fail 2 "'$name' is not the name of a key: letters, digits, _ and ."
    if [[ $name == *.* ]]; then
        section=${name%.*}
    fi
    for file in "$AKLO_PROJECT_ROOT/.aklo.conf" "$AKLO_HOME/config/.aklo.conf"; do
        if [[ -f $file ]] && config_in_file "$file" "${name##*.}" "$section"; then
            return 0
        fi
    done
    return 1
}
