# Coprocesses, whose body runs in a process of its own.
answer() {
    mark
    local line
    while read -r line; do
        mark; spawn
        echo "$line"
    done
    mark
}

talk() {
    mark
    coproc { mark; answer; mark; }
    mark
    echo one >&"${COPROC[1]}"
    mark
    read -r line <&"${COPROC[0]}"
    mark
    local to=${COPROC[1]}
    eval "exec $to>&-"
    mark
    wait
    mark; spawn
    mark
}

mark
talk
mark
