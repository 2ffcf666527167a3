#!/usr/bin/bash
# A lookup saves the work of several programs, but writes its counters anew.
# not strace: it does not tell where in a file a write begins, so adding to it looks the same
mkdir -p store
work() { sleep 0.1; seq 1000 | sort -R | sort -n | sed -n '$p' | tr 1 2 | rev; }
count_hit() {
    local hits=0
    [[ -f hits.json ]] && read -r hits <hits.json
    echo "$((hits + 1))" | tee hits.json >/dev/null
}
look_up() {
    if [[ ! -f store/$1.parsed ]]; then
        work >"store/$1.parsed"
    fi
    count_hit # HERE
    cat "store/$1.parsed"
}
for round in {1..8}; do
    look_up a
    look_up b
done
