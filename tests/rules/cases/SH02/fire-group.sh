#!/usr/bin/bash
# Parentheses where braces would do.
lines=()
for number in {1..40}; do
    (printf '%s\n' "$number" && printf '%s\n' "$number") >>list # HERE
    lines+=("$number")
done
echo "${#lines[@]}"
