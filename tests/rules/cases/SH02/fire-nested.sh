#!/usr/bin/bash
# The shell's own directory, from a process.
for number in {1..40}; do
    here=$(pwd) # HERE
    there[number]=$here/$number
done
echo "${#there[@]}"
