# Command substitution, of one line and of several, with $() and with backquotes.
value() {
    mark; spawn
    echo value
    mark
}

use() {
    mark
    local a
    a=$(mark; value; mark)
    mark
    a=$(value)
    mark
    a=`mark; value; mark`
    mark
    a=$(
        mark
        value
        mark; spawn
        mark
    )
    mark
    a="$(value) and $(mark; spawn; mark) and $(
        mark
    )"
    mark
    a=$(< /dev/null)
    mark
    a=$(echo $(mark; value; mark))
    mark
}

mark
use
mark
b=$(use)
mark
b=$(
    mark
    use

    mark
)
mark
