#!/usr/bin/bash
# Many files, each sourced once.
for number in {1..15}; do
    for name in {1..20}; do
        printf 'f_%s_%s() { echo %s; }\n' "$number" "$name" "$name"
    done >"module-$number.sh"
done
for module in module-*.sh; do
    . "./$module"
done
f_15_20
