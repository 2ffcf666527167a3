#!/bin/bash
# Lines come through a pipe, but what takes time is waiting for the next one.
for n in 1 2 3 4 5; do
    sleep 0.05
    echo "line $n"
done | while read -r word number; do
    echo "$word: $number"
done
