#!/bin/bash
# Two processes answer each other: each line must arrive before the next can be written.
coproc doubler {
    while read -r number; do
        echo "twice $number is $((number * 2)), says the one who doubles"
    done
}
for ((n = 0; n < 500; n++)); do
    echo "$n" >&"${doubler[1]}"
    read -r answer <&"${doubler[0]}"
done
echo "$answer"
