#!/usr/bin/bash
# What they read comes from a program.
for number in {1..15}; do
    first=$(ls /usr/bin | head -n 1)
    last=$(sort -r /etc/passwd | cut -d: -f1)
done
echo "$first" "${#last}"
