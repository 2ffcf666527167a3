#!/usr/bin/bash
# The file is another one each time.
for number in {1..15}; do
    for name in {1..40}; do
        printf 'value_%s="%s of turn %s"\n' "$name" "$name" "$number"
    done >state.sh
    . ./state.sh
done
echo "$value_40"
