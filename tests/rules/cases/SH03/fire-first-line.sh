#!/usr/bin/bash
# The first line of a file.
for number in {1..20}; do
    printf 'title %s\n\ntext\n' "$number" >"note-$number"
done
for note in note-*; do
    titles+=("$(head -n 1 "$note")") # HERE
done
echo "${#titles[@]}"
