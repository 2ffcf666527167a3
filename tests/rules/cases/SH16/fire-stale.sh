#!/usr/bin/bash
# What the entry was made from is compared in another form than it was written.
mkdir -p store
echo source >source
look_up() {
    local stamp='' current
    current=$(stat -c %Y source | sort | tail -n 1) # HERE
    if [[ -f store/a.parsed ]]; then
        read -r stamp <store/a.parsed
    fi
    if [[ $stamp != "$current" ]]; then
        printf '%s.0\n' "$current" >store/a.parsed
    fi
}
for round in {1..12}; do
    look_up
done
