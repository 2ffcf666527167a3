#!/bin/bash
# A file is flushed while the script does something else that takes longer.
head -c 100000 /dev/zero | dd of=copy conv=fsync 2>/dev/null &
sleep 0.5
wait
