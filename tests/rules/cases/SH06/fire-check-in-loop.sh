#!/bin/bash
# Whether a file is there is asked once for every number, though nothing changes it.
echo 'verbose=1' >settings.conf
sum=0
for ((n = 0; n < 5000; n++)); do
    if [[ -f settings.conf ]]; then # HERE
        ((sum += n))
    fi
done
echo "$sum"
