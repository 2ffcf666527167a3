#!/bin/bash
# The libraries of each program are looked for in twenty folders that do not have them.
for ((n = 0; n < 20; n++)); do
    mkdir "$PWD/lib-$n"
    LD_LIBRARY_PATH=$PWD/lib-$n:$LD_LIBRARY_PATH
done
export LD_LIBRARY_PATH
for ((n = 0; n < 30; n++)); do
    /bin/true # HERE
done
