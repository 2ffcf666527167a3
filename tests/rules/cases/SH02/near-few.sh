#!/usr/bin/bash
# Some subshells.
double() {
    printf '%s' "$((2 * $1))"
}
for number in {1..4}; do
    result[number]=$(double "$number")
done
echo "${result[@]}"
