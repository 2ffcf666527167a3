#!/usr/bin/bash
# It does more than pass a file on.
printf 'a\tb\n' >list
for number in {1..12}; do
    shown=$(cat -A list)
    cat list >"copy-$number"
done
echo "$shown"
