#!/usr/bin/bash
# The builtins themselves.
for number in {1..2000}; do
    if test "$number" -gt 10; then
        echo "$number"
        printf '%s\n' "$number"
    fi
done >list
