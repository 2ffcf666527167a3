#!/bin/bash
# Each program needs what another one, of the next line, has made of the result before it.
cat >halve <<'END'
read -r number <"whole-$1"
sleep 0.1
echo "$((number / 2))" >"half-$1"
END
echo 64 >whole-0
for step in 0 1 2 3; do
    bash halve "$step"
    cp "half-$step" "whole-$((step + 1))"
done
