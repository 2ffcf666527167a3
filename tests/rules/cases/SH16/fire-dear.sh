#!/usr/bin/bash
# Each lookup asks the configuration with two programs, to save one that is as cheap.
mkdir -p store
echo dir=store >settings
configured() { sed -n "s/^$1=//p" settings | tail -n 1; }
look_up() {
    local directory
    directory=$(configured dir) # HERE
    if [[ ! -f $directory/$1.parsed ]]; then
        seq 9 >"$directory/$1.parsed"
    fi
    cat "$directory/$1.parsed"
}
for round in {1..8}; do
    look_up a
    look_up b
done
