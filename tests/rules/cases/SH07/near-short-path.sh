#!/bin/bash
# Each substitution searches anew, and finds the program at once.
PATH=/usr/bin:/bin
for ((n = 0; n < 60; n++)); do
    name=$(basename "a/$n")
done
echo "$name"
