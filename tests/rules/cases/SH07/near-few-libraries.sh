#!/bin/bash
# Nine programs look for their library in two folders that do not have it, and in each of these in
# subfolders for kinds of CPUs: few places, however many subfolders there are.
mkdir lib-1 lib-2
export LD_LIBRARY_PATH=$PWD/lib-1:$PWD/lib-2
for ((n = 0; n < 9; n++)); do
    /bin/true
done
