#!/bin/bash
# not strace: there bash says itself where it is
# A script that takes bash's own record of its functions away: its lines cannot be known.
if [[ $1 == inner ]]; then
    unset FUNCNAME
    for ((n = 0; n < 300; n++)); do
        echo "$n" >out
    done
    exit
fi
bash "$0" inner # HERE
