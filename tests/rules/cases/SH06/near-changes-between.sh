#!/bin/bash
# The file is another one each time it is looked for.
true=$(type -P true)
for ((n = 0; n < 30; n++)); do
    "$true"
    echo "$n" >state
    [[ -s state ]] && rm state
done
