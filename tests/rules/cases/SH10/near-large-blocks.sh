#!/bin/bash
# The same copy in blocks of 64 KiB.
head -c 20000000 /dev/zero >zeros
dd if=zeros of=copy bs=64k 2>/dev/null
