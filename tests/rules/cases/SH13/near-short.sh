#!/bin/bash
# Programs that do not wait for each other, and end at once.
for part in a b c d; do
    touch "$part"
done
sleep 0.2
