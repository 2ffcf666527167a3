#!/bin/bash
# The first stage waits for something outside; no stage has anything to do meanwhile.
(
    for n in 1 2 3 4; do
        sleep 0.1
        echo "$n"
    done
) | while read -r number; do
    echo "$number"
done | sort
