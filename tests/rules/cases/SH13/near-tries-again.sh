#!/bin/bash
# The same program is tried until it succeeds.
cat >attempt <<'END'
sleep 0.1
[[ -e ready ]]
END
(
    sleep 0.35
    touch ready
) &
until bash attempt; do :; done
wait
