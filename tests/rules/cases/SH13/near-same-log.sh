#!/bin/bash
# All programs write into one log, whose order would be lost.
cat >step <<'END'
sleep 0.1
echo "$1" >>log
END
for step in a b c d; do
    bash step "$step"
done
