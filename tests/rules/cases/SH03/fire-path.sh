#!/usr/bin/bash
# Builtins by the path of the program.
for number in {1..20}; do
    if /usr/bin/test "$number" -gt 10; then # HERE
        large=$((large + 1))
    fi
done
echo "$large"
