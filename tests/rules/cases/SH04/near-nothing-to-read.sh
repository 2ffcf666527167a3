#!/bin/bash
# The programs belong to a pipeline of others, which has nothing to tell this time.
for i in {1..20}; do
    id=$(find . -name "nothing-$i" | sed "s/nothing-//" | sort -n | tail -n 1)
done
