#!/usr/bin/bash
# A function that prints its result.
double() {
    printf '%s' "$((2 * $1))"
}
sum=0
for number in {1..40}; do
    result=$(double "$number") # HERE
    sum=$((sum + result))
done
echo "$sum"
