#!/usr/bin/bash
# A file into a loop.
printf '%s\n' a b c >list
for number in {1..20}; do
    cat list | while read -r word; do # HERE
        echo "$word" >>words
    done
done
