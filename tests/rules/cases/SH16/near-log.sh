#!/usr/bin/bash
# A line is added to a log at each lookup, which is not written anew.
mkdir -p store
work() { sleep 0.1; seq 1000 | sort -R | sort -n | sed -n '$p' | tr 1 2 | rev; }
look_up() {
    if [[ ! -f store/$1.parsed ]]; then
        work >"store/$1.parsed"
    fi
    echo hit | tee -a hits.log >/dev/null
    cat "store/$1.parsed"
}
: >hits.log
for round in {1..8}; do
    look_up a
    look_up b
done
