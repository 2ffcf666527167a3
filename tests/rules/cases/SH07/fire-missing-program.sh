#!/bin/bash
# A program that is not installed is searched for again and again.
for ((n = 0; n < 30; n++)); do
    PATH=$PATH:/opt/none-$n
done
shorten() {
    if command -v no-such-program >/dev/null; then # HERE
        no-such-program "$1"
    fi
}
for ((n = 0; n < 300; n++)); do
    shorten "$n"
done
