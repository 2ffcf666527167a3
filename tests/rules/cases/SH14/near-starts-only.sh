#!/bin/bash
# sort hands on little, and what is before and behind it does nothing but start.
for n in 1 2 3; do
    seq 40 | grep . | sort -n | sed 's/^/number /' | tail -n 1
done
