#!/usr/bin/bash
# The text is a file's, which cat reads: there is no variable to expand.
printf 'line %s\n' {1..5} >list
for number in {1..15}; do
    lines=$(cat list | wc -l)
    upper=$(cat list | tr a-z A-Z)
done
echo "$lines$upper"
