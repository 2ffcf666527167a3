#!/bin/bash
# Two small modules are read.
echo 'one() { echo 1; }' >one.sh
echo 'two() { echo 2; }' >two.sh
source ./one.sh
source ./two.sh
sleep 0.1
one
