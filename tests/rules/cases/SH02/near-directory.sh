#!/usr/bin/bash
# Subshells that keep a change of directory inside.
mkdir a
for number in {1..30}; do
    (cd a && printf '%s\n' "$number" >>list)
done
