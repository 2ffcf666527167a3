#!/bin/bash
# The slow stage is a program that just has much to do.
seq 100000 140000 | awk '{ for (n = 0; n < 40; n++) sum += n * $1; print sum }' | wc -l
