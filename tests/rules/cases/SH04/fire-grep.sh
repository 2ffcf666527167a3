#!/usr/bin/bash
# Whether there is a word in a text.
text="some words and a number"
found=0
for number in {1..20}; do
    if echo "$text $number" | grep -q "number 1"; then # HERE
        found=$((found + 1))
    fi
done
echo "$found"
