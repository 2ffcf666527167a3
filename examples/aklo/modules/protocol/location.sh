# shellcheck shell=bash
# Where the protocols of a project are.

declare -gA KIND_PROTOCOL=(
    [pbi]=planning
    [task]=development
    [arch]=architecture
    [debug]=debugging
)

protocol_directory() {
    below_root "$AKLO_PROJECT_ROOT" "$(get_config PROTOCOLS_DIR '' protocols)"
}

# protocol_of KIND: its file
protocol_of() {
    local file
    file=$(protocol_directory)/${KIND_PROTOCOL[$1]}.md
    [[ -r $file ]] || fail 1 "the protocol of '$1' is missing: $file; PROTOCOLS_DIR says where to look"
    say "$file"
}
