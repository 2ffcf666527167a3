#!/usr/bin/bash
# A function that starts a program, called in a loop.
size_of() {
    local size
    size=$(stat -c %s -- "$1") # HERE
    total=$((total + size))
}
total=0
for number in {1..30}; do
    printf '%s\n' "$number" >"file-$number"
done
for file in file-*; do
    size_of "$file"
done
