#!/bin/bash
# not strace: it slows down everything but reading code, which is then a trifle
# Eighty modules are read before the first useful line, and one of them is used.
mkdir modules
lines=$(printf 'work_%s() {\n    local value=$1\n    if [[ -n $value ]]; then echo "${value#*/}"; fi\n}\n' \
    {1..250})
for ((n = 0; n < 80; n++)); do
    echo "${lines//work/"work_$n"}" >"modules/$n.sh"
done
for module in modules/*.sh; do
    source "$module" # HERE
done
work_7_7 a/b
