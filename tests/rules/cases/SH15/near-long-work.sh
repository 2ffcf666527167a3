#!/bin/bash
# Ten modules are read, but what the script does then takes much longer.
mkdir modules
for ((n = 0; n < 10; n++)); do
    echo "step_$n() { echo $n; }" >"modules/$n.sh"
done
for module in modules/*.sh; do
    source "$module"
done
sleep 0.5
step_1
