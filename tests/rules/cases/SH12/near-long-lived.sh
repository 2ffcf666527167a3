#!/bin/bash
# Few programs, which work much longer than they take to start.
for ((n = 0; n < 3; n++)); do
    awk 'BEGIN { for (n = 0; n < 1000000; n++) sum += n }'
done
