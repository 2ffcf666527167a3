#!/bin/bash
# The loop is slow, but keeps nobody waiting: all that it reads fits in the pipe.
seq 10 | while read -r number; do
    for ((n = 0; n < 300; n++)); do :; done
    echo "$number"
done
