#!/bin/bash
# One program looks for its libraries in folders that do not have them.
mkdir lib-1 lib-2
LD_LIBRARY_PATH=$PWD/lib-1:$PWD/lib-2 /bin/true
sleep 0.2
