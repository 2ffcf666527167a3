#!/bin/bash
# mapfile reads a pipe byte by byte as well.
mapfile -t numbers < <(seq 100000 105000) # HERE
echo "${#numbers[@]}"
