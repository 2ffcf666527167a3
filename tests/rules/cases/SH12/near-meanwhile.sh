#!/bin/bash
# Programs are started in the background of something longer.
for ((n = 0; n < 5; n++)); do
    sort /dev/null
done &
sleep 0.5
wait
