#!/usr/bin/bash
# A text for which bash would be slower.
for number in {1..3000}; do
    text+="line $number of a long text"$'\n'
done
for number in {1..5}; do
    upper=$(printf '%s' "$text" | tr a-z A-Z)
done
echo "${#upper}"
