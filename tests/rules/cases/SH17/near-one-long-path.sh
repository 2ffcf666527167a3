#!/bin/bash
# One of many paths is too long.
path=$(printf 'x/%.0s' {1..3000})
[[ -e $path ]]
for ((n = 0; n < 1000; n++)); do
    [[ -e $n ]]
done
exit 0
