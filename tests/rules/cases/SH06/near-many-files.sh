#!/bin/bash
# Many files are looked for, but each of them once.
for ((n = 0; n < 2000; n++)); do
    if [[ -e part-$n ]]; then
        echo "part-$n"
    fi
done
