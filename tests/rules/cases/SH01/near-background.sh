#!/usr/bin/bash
# Many starts, but the script waits for a timer meanwhile.
mkfifo never
exec 3<>never
(
    for number in {1..10}; do
        touch "file-$number"
    done
) &
read -rt 2.5 -u 3
wait
