# shellcheck shell=bash
# Fills the {{placeholders}} of a structure.

# fill_structure TEXT NAME VALUE [NAME VALUE]...
fill_structure() {
    local text=$1
    shift
    while (($# > 1)); do
        text=${text//"{{$1}}"/"$2"}
        shift 2
    done
    say "$text"
}
