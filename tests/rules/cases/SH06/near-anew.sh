#!/usr/bin/bash
# A file that is made anew each time: written behind the loop it would have all texts, not the last.
for number in {1..100}; do
    echo "step $number" >state
done
cat state
