#!/bin/bash
# The loop is slower than the programs around it: what writes to it waits until it reads on.
seq 100000 140000 | while IFS= read -rN 4096 block; do # HERE
    words=${block//13/odd}
    echo "${#words}"
done | sort -n
