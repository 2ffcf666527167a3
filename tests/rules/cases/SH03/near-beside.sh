#!/usr/bin/bash
# A program that could be spared, while the script waits for a timer anyway.
mkfifo never
exec 3<>never
{
    read -rt 0.2 -u 3
    seq 1 5 >list
} &
read -rt 0.7 -u 3
wait
