#!/bin/bash
# A log is opened and closed for every line of it.
log() {
    echo "$1" >>run.log # HERE
}
for ((n = 0; n < 1500; n++)); do
    log "number $n"
done
