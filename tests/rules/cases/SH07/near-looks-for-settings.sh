#!/bin/bash
# Folders are searched for settings, not for programs.
settings_of() {
    local folder
    for folder in one two three four five six; do
        [[ -f $folder/$1.conf ]] && return
    done
}
for ((n = 0; n < 300; n++)); do
    settings_of "$n"
done
echo done
