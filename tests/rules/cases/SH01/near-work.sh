#!/usr/bin/bash
# Programs that take long for what they do, or that only wait, and not for being started.
head -c 30000000 /dev/zero >large
for number in {1..5}; do
    cksum large >"sum-$number"
    sleep 0.1
done
