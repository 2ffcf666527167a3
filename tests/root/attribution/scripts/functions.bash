# Functions that call functions, in several forms of definition.
inner() {
    mark; spawn
    [[ -e /nothing ]]
    mark
}

function middle {
    mark
    inner
    mark; spawn; mark
    inner one \
        two
    mark
}

outer ()
{
    mark
    middle; mark; inner
    local i
    for i in 1 2 3; do
        mark
        middle
    done
    mark
}

oneline() { mark; spawn; mark; }

mark
outer
mark; spawn
oneline; mark; oneline; mark
outer
mark
