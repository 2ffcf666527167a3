#!/bin/bash
# A file is looked for ten times; what takes time is something else.
touch settings.conf
for ((n = 0; n < 10; n++)); do
    if [[ -f settings.conf ]]; then
        sleep 0.02
    fi
done
echo "$n"
