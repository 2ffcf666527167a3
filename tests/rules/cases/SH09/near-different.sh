#!/usr/bin/bash
# Another file each time.
for number in {1..15}; do
    printf 'key=%s\n' "$number" >"config-$number"
done
for number in {1..15}; do
    line=$(grep -m 1 "^key=" "config-$number")
done
echo "$line"
