#!/bin/bash
# not strace: bash says where it is when it has expanded the words
# A folder is listed for every number, though its files stay what they are.
mkdir parts
touch parts/{1..40}
for ((n = 0; n < 300; n++)); do
    for part in parts/*; do # HERE
        last=$part
    done
done
echo "$last"
