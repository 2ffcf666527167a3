#!/bin/bash
# Each program reads what the one before it has written.
cat >step <<'END'
read -r number <"step-$1"
sleep 0.1
echo "$((number + 1))" >"step-$(($1 + 1))"
END
echo 0 >step-0
for step in 0 1 2 3; do
    bash step "$step"
done
