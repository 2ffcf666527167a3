#!/usr/bin/bash
# The same programs on files.
for number in {1..200}; do
    printf 'key-%s=value\n' "$number"
done >list
for number in {1..4}; do
    cut -d= -f1 list >"keys-$number"
    sed 's/key/name/' list >"names-$number"
    tr a-z A-Z <list >"upper-$number"
done
