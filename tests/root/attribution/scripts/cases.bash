# case, with a command in every place that takes one.
word() {
    mark; spawn
    echo "$1"
    mark
}

choose() {
    mark
    case $1 in
        a)
            mark; spawn
            mark
            ;;
        b) mark; word b; mark ;;
        $(mark; word c; mark))
            mark
            ;;&
        *)
            mark; spawn
            ;;
    esac
    mark
    case $(word "$1") in
        a) mark ;;
        *) mark; word d ;;
    esac
    mark
}

mark
choose a; mark
choose b; mark
choose c; mark
choose d
mark
