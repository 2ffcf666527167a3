#!/bin/bash
# Lines come through a pipe, from which bash must not take more than one byte at a time.
seq 100000 103000 | while read -r number; do # HERE
    last=$number
done
