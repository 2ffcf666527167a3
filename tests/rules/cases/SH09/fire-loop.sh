#!/usr/bin/bash
# The shell itself reads the whole file for each key.
for number in {1..300}; do
    printf 'key-%s=value %s\n' "$number" "$number"
done >config
value_of() {
    local line
    mapfile -t lines <config # HERE
    for line in "${lines[@]:0:20}"; do
        [[ $line == "$1="* ]] && value=${line#*=}
    done
}
for number in {1..20}; do
    value_of "key-$number"
done
echo "$value"
