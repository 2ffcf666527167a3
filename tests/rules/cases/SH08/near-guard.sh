#!/usr/bin/bash
# Asked for often, sourced once.
for name in {1..200}; do
    printf 'value_%s="the value of %s"\n' "$name" "$name"
done >settings.sh
setting() {
    [[ -v value_1 ]] || . ./settings.sh
    local name=value_$1
    value=${!name}
}
for number in {1..100}; do
    setting "$number"
done
echo "$value"
