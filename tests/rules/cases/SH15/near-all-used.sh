#!/bin/bash
# All modules are read, and each is used.
mkdir modules
lines=$(printf 'work_%s() {\n    if [[ -n $1 ]]; then echo "${1#*/}"; fi\n}\n' {1..40})
for ((n = 0; n < 20; n++)); do
    echo "${lines//work/"work_$n"}" >"modules/$n.sh"
done
for module in modules/*.sh; do
    source "$module"
done
for ((n = 0; n < 20; n++)); do
    "work_${n}_1" a/b
done
