#!/bin/bash
# The middle stage starts a program for each block that it reads, while the first one waits.
seq 100000 140000 | (
    while IFS= read -rN 4096 block; do # HERE
        basename "a/${block:0:6}"
    done
) | sort
