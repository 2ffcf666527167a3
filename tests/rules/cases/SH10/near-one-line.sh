#!/bin/bash
# One short line through a pipe, and then something else.
read -r number < <(seq 1)
sleep 0.1
echo "$number"
