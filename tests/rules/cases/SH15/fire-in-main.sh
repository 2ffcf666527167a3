#!/bin/bash
# not strace: it slows down everything but reading code, which is then a trifle
# A tool reads its modules in main, whatever it is asked to do.
if [[ ! -d modules ]]; then
    mkdir modules
    lines=$(printf 'step_%s() {\n    case $1 in\n        a | b) echo "$1" ;;\n        *) return 1 ;;\n    esac\n}\n' \
        {1..400})
    for ((n = 0; n < 30; n++)); do
        echo "${lines//step/"step_$n"}" >"modules/$n.sh"
    done
    bash "$0" status
    exit
fi
load() {
    local number
    for ((number = 0; number < 30; number++)); do
        . "./modules/$number.sh" # HERE
    done
}
main() {
    load
    step_1_1 a
    echo "$1"
}
main "$@"
