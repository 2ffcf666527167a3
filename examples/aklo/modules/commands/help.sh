# shellcheck shell=bash
# aklo help: what aklo can do.

declare -ga COMMANDS=(status new cache monitor config help)
declare -gA COMMAND_USAGE=(
    [status]='status'
    [new]='new pbi|task|arch|debug TITLE...'
    [cache]='cache status|clear|benchmark [--rounds N]'
    [monitor]='monitor [dashboard] [--count N] [--interval SECONDS]'
    [config]='config get KEY|list'
    [help]='help'
)
declare -gA COMMAND_SUMMARY=(
    [status]='the state of the backlog'
    [new]='make a backlog item with the next ID'
    [cache]='look at, empty or measure the caches'
    [monitor]='what the caches and the last commands did'
    [config]='one key, or all of them'
    [help]='this text; also --help'
)

cmd_help() {
    say 'aklo keeps a backlog of plain files.'
    say
    say 'usage: aklo COMMAND [ARGUMENT...]'
    say
    list_commands
    say
    say 'A project is the nearest directory, from here upwards, that holds .aklo.conf.'
}

list_commands() {
    local command
    say 'commands:'
    for command in "${COMMANDS[@]}"; do
        printf '  %-9s%s\n' "$command" "${COMMAND_SUMMARY[$command]}"
    done
}

# usage_of COMMAND
usage_of() {
    say "usage: aklo ${COMMAND_USAGE[$1]}"
}
