#!/bin/bash
# not strace: bash says where it is when the subshell has begun
# Each step is a subshell of several programs; the steps have nothing to do with each other.
fetch() (
    mkdir "$1" && cd "$1" || exit
    touch began
    sleep 0.1
    touch "$1"
) # HERE
for part in a b c d; do
    fetch "$part"
done
