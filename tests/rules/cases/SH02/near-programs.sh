#!/usr/bin/bash
# The processes of a substitution become programs.
for number in {1..20}; do
    links[number]=$(readlink /proc/self/exe)
done
echo "${#links[@]}"
