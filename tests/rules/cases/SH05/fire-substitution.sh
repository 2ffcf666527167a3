#!/usr/bin/bash
# The content of a file as a value.
for number in {1..20}; do
    echo "$number" >"file-$number"
done
for file in file-*; do
    value=$(cat "$file") # HERE
    sum=$((sum + value))
done
echo "$sum"
