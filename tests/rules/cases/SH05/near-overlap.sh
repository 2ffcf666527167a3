#!/usr/bin/bash
# cat is done before the program that reads from it has started: until then the shell has more
# children than one.
printf '%s\n' 1 2 3 >list
cat list | (
    until read -r children <"/proc/$$/task/$$/children"; [[ $children == "$BASHPID" ]]; do
        sleep 0.1
    done
    while read -r word; do
        echo "$word"
    done >words
    sleep 2
)
