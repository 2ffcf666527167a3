#!/usr/bin/bash
# A program that looks up one line of a file, for each line.
for number in {1..100}; do
    printf 'key-%s=value %s\n' "$number" "$number"
done >config
for number in {1..20}; do
    line=$(grep -m 1 "^key-$number=" config) # HERE
    values+=("${line#*=}")
done
echo "${#values[@]}"
