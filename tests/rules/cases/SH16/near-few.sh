#!/usr/bin/bash
# Dear, but asked four times only.
mkdir -p store
echo dir=store >settings
configured() { sed -n "s/^$1=//p" settings | tail -n 1; }
look_up() {
    local directory
    directory=$(configured dir)
    if [[ ! -f $directory/$1.parsed ]]; then
        seq 9 >"$directory/$1.parsed"
    fi
    cat "$directory/$1.parsed"
}
for name in a b; do
    look_up "$name"
    look_up "$name"
done
