#!/usr/bin/bash
# A lookup starts a program, and saves the work of several.
mkdir -p store
work() { sleep 0.1; seq 1000 | sort -R | sort -n | sed -n '$p' | tr 1 2 | rev; }
look_up() {
    if [[ ! -f store/$1.parsed ]]; then
        work >"store/$1.parsed"
    fi
    cat "store/$1.parsed"
}
for round in {1..8}; do
    look_up a
    look_up b
done
