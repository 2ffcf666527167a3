#!/bin/bash
# The stages work at the same time.
work() {
    while read -r number; do
        for ((m = 0; m < 20; m++)); do :; done
        echo "$number"
    done
}
seq 100 | work | work | wc -l
