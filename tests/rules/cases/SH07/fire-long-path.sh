#!/bin/bash
# Each substitution is a shell of its own, which does not know where the others found the program.
for ((n = 0; n < 200; n++)); do
    PATH=$PWD/none-$n:$PATH
done
for ((n = 0; n < 60; n++)); do
    name=$(basename "a/$n") # HERE
done
echo "$name"
