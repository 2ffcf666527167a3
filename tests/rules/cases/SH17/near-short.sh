#!/bin/bash
# Nothing is unknown.
for ((n = 0; n < 300; n++)); do
    [[ -e $n ]]
    echo "$n" >out
done
