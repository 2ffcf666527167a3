#!/bin/bash
# The last stage waits for something outside, and the others for it.
seq 100000 | (
    sleep 0.4
    wc -l
)
