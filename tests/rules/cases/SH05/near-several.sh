#!/usr/bin/bash
# Several files as one: what cat is for.
echo 0 >file-0
for number in {1..12}; do
    echo "$number" >"file-$number"
    all=$(cat file-*)
done
echo "${#all}"
