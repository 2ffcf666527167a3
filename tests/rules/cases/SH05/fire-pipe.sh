#!/usr/bin/bash
# A program that only passes on what it reads, on its way to another.
for number in {1..20}; do
    printf '%s\n' c b a | cat | sort >"sorted-$number" # HERE
done
