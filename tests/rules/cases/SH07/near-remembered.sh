#!/bin/bash
# The path is long, but the shell remembers where it found the program.
for ((n = 0; n < 60; n++)); do
    PATH=$PWD/none-$n:$PATH
done
for ((n = 0; n < 60; n++)); do
    basename "a/$n"
done
