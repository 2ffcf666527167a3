#!/usr/bin/bash
# A group that is a stage of a pipeline needs its process, though only its programs use the pipes.
printf 'x=%s\n' 1 2 3 >list
value() {
    sed -n p "$1" | { grep "^x" || true; } | cut -d= -f2
}
for number in {1..20}; do
    value list
done
