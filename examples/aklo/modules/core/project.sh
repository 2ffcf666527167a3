# shellcheck shell=bash
# The project: the nearest directory, from here upwards, that holds .aklo.conf.

# Prints nothing where there is none.
find_project_root() {
    local directory=$1
    while [[ $directory != / ]]; do
        if [[ -f $directory/.aklo.conf ]]; then
            say "$directory"
            return 0
        fi
        directory=$(dirname "$directory")
    done
}

# open_project ROOT. Without a root, what aklo keeps goes below the user's cache directory.
open_project() {
    AKLO_PROJECT_ROOT=$1
    if [[ -n $AKLO_PROJECT_ROOT ]]; then
        AKLO_STATE_ROOT=$AKLO_PROJECT_ROOT
    else
        AKLO_STATE_ROOT=${XDG_CACHE_HOME:-${HOME:?aklo needs HOME or XDG_CACHE_HOME}/.cache}/aklo
    fi
}

require_project() {
    if [[ -z $AKLO_PROJECT_ROOT ]]; then
        fail 1 "no .aklo.conf in $PWD or above it; go to a project, or make one with: touch .aklo.conf"
    fi
}

# below_root ROOT PATH: an absolute path stays as it is.
below_root() {
    case $2 in
        /*) say "$2" ;;
        *) say "$1/$2" ;;
    esac
}
