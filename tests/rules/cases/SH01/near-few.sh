#!/usr/bin/bash
# A loop, but a short one.
for name in a b c; do
    printf '%s\n' "$name" >"$name"
    sort -o "$name" "$name"
done
