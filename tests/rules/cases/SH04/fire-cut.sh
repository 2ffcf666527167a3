#!/usr/bin/bash
# Fields of a text that the shell has.
for number in {1..20}; do
    pair="key-$number=value"
    key=$(echo "$pair" | cut -d= -f1) # HERE
    keys+=("$key")
done
echo "${keys[*]}"
