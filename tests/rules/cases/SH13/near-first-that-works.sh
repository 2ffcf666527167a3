#!/bin/bash
# The next program is tried only because the one before it failed.
cat >fetch <<'END'
sleep 0.1
[[ $1 == d ]] && echo "$1" >"fetched-$1"
END
for part in a b c d; do
    bash fetch "$part" && break
done
