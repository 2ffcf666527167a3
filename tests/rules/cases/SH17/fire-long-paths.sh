#!/bin/bash
# Paths that are longer than the kernel takes.
path=$(printf 'x/%.0s' {1..3000})
for ((n = 0; n < 300; n++)); do
    [[ -e $path$n ]] # HERE
done
exit 0
