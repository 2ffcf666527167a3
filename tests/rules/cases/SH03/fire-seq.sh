#!/usr/bin/bash
# A program that counts.
for row in {1..20}; do
    for column in $(seq 1 5); do # HERE
        cell[10 * row + column]=x
    done
done
echo "${#cell[@]}"
