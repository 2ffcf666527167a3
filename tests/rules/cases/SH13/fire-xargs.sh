#!/bin/bash
# xargs waits for each program before it starts the next.
cat >fetch <<'END'
sleep 0.1
echo "$1" >"fetched-$1"
END
printf '%s\n' a b c d >parts
xargs -n 1 bash fetch <parts # HERE
