#!/usr/bin/bash
# The file grows meanwhile.
for number in {1..15}; do
    printf 'key-%s\n' "$number" >>list
    last=$(grep -c key list)
done
echo "$last"
