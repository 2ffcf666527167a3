#!/bin/bash
# From a file bash reads in blocks: it can go back to the end of the line.
seq 100000 102000 >numbers
while read -r number; do
    last=$number
done <numbers
echo "$last"
