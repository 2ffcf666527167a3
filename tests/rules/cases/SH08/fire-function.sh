#!/usr/bin/bash
# Settings that are read whenever one is asked for.
for number in {1..200}; do
    printf 'setting_%s="the value of %s"\n' "$number" "$number"
done >settings.sh
setting() {
    source ./settings.sh # HERE
    local name=setting_$1
    value=${!name}
}
for number in {1..20}; do
    setting "$number"
    values+=("$value")
done
echo "${#values[@]}"
