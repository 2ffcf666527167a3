#!/usr/bin/bash
# A function that looks up one line of a file, and cuts the value out of it by other programs.
# before: SH01
for number in {1..60}; do
    printf 'key-%s="value %s"\n' "$number" "$number"
done >config
look_up() {
    grep -m 1 "^key-$1=" config | cut -d= -f2 | tr -d '"' # HERE
}
for number in {1..20}; do
    values+=("$(look_up "$number")")
done
echo "${#values[@]}"
