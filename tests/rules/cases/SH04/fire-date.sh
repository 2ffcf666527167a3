#!/usr/bin/bash
# The time, again and again.
for number in {1..20}; do
    now=$(date +%s) # HERE
    times[number]=$now
done
echo "${#times[@]}"
