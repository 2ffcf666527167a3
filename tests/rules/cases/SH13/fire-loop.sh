#!/bin/bash
# Four programs wait for something of their own, one after the other.
cat >fetch <<'END'
sleep 0.1
echo "$1" >"fetched-$1"
END
for part in a b c d; do
    bash fetch "$part" # HERE
done
