#!/bin/bash
# Every echo is a call of the kernel.
for n in {1..5000}; do
    echo "$n" # HERE
done >numbers
