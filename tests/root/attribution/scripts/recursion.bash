# Recursion, direct and mutual.
down() {
    mark
    if (($1 > 0)); then
        down $(($1 - 1))
    else
        mark; spawn
    fi
    mark
}

even() {
    mark
    (($1 == 0)) || odd $(($1 - 1))
    mark
}

odd() {
    mark
    (($1 == 0)) || even $(($1 - 1))
    mark; spawn
    mark
}

mark
down 12
mark
even 9
mark
