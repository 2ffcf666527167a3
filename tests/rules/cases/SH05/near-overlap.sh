#!/usr/bin/bash
# cat is done long before the program that reads from it has started.
printf '%s\n' 1 2 3 >list
cat list | (
    sleep 1.5
    while read -r word; do
        echo "$word"
    done >words
    sleep 1
)
