#!/usr/bin/bash
# Processes that work side by side.
mkfifo never
exec 3<>never
for number in {1..12}; do
    (read -rt 0.3 -u 3) &
done
wait
