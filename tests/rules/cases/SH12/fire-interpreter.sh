#!/bin/bash
# An interpreter with a large library is loaded for each sum.
for ((n = 0; n < 12; n++)); do
    perl -MPOSIX -MFile::Find -e "print $n + 1" # HERE
done
