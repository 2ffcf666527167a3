#!/usr/bin/bash
# A library for each turn of a loop.
for number in {1..300}; do
    printf 'function_%s() {\n    printf "%%s" "$((%s + $1))"\n}\n' "$number" "$number"
done >library.sh
for number in {1..10}; do
    . ./library.sh # HERE
    function_"$number" 1 >/dev/null
done
