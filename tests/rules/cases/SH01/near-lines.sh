#!/usr/bin/bash
# The same program at several places, each of which needs it once.
: >empty
sort -o a empty
sort -o b empty
sort -o c empty
sort -o d empty
sort -o e empty
sort -o f empty
sort -o g empty
sort -o h empty
sort -o i empty
sort -o j empty
sort -o k empty
sort -o l empty
