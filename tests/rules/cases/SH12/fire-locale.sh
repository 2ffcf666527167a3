#!/bin/bash
# Each sort opens a dozen files to learn how the user's language is written, and sorts nothing.
unset LC_ALL
export LANG=C.UTF-8
for ((n = 0; n < 80; n++)); do
    sort /dev/null # HERE
done
