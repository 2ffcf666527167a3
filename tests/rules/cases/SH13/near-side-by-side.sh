#!/bin/bash
# The programs run side by side already.
cat >fetch <<'END'
sleep 0.2
echo "$1" >"fetched-$1"
END
for part in a b c d; do
    bash fetch "$part" &
done
wait
