# exec, of programs and of redirections.
redirect() {
    mark
    exec 7> /dev/null
    mark
    exec 7>&-
    mark
}

replace() {
    mark
    (mark; exec spawn)
    mark
    (
        mark
        (mark; exec "$BASH" -c 'mark; spawn; mark')
        mark; exec spawn
    )
    mark
}

mark
redirect
mark
replace
mark
(mark; exec "$BASH" "${BASH_SOURCE[0]%/*}/lib/loaded.bash")
mark; exec spawn
