#!/usr/bin/bash
# One program for each line of a file.
for number in {1..30}; do
    printf 'name-%s key-%s\n' "$number" "$number"
done >list
while read -r name key; do
    awk -v key="$key" '$2 == key' list >"$name" # HERE
done <list
