# Loops and conditions of all kinds.
work() {
    mark; spawn
    mark
}

loop() {
    local i n=0
    mark
    for i in 1 2; do
        mark; spawn
        work
        mark
    done
    mark
    for ((i = 0; i < 2; i++)); do
        mark
        work
        mark
    done
    mark
    while ((n++ < 2)); do
        mark
        [[ $n == 1 ]] && continue
        work
        mark
    done
    mark
    until ((n-- < 2)); do
        mark
        break
    done
    mark
    select i in one two; do
        mark; spawn
        break
    done <<< 1
    mark
    if mark; [[ -e /nothing ]]; then
        :
    elif mark; then
        mark; work
    fi
    mark
    { mark; work; } > /dev/null
    mark
}

mark
loop
mark
for i in 1 2; do loop; mark; done
mark
