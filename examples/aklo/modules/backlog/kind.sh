# shellcheck shell=bash
# The kinds of items.

declare -ga KINDS=(pbi task arch debug)
declare -gA KIND_PREFIX=([pbi]=PBI [task]=TASK [arch]=ARCH [debug]=DEBUG)

# kind_directory KIND
kind_directory() {
    below_root "$AKLO_PROJECT_ROOT" "$(get_config "${KIND_PREFIX[$1]}_DIR" '' "backlog/$1")"
}
