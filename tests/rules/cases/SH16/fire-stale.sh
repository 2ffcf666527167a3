#!/usr/bin/bash
# What the entry was made from is compared in another form than it was written.
mkdir -p store
echo source >source
look_up() {
    local stamp=
    if [[ -f store/a.parsed ]]; then
        read -r stamp <store/a.parsed
    fi
    if [[ $stamp != "$(stat -c %Y source | tail -n 1)" ]]; then # HERE
        { stat -c %y source; } >store/a.parsed
    fi
}
for round in {1..12}; do
    look_up
done
