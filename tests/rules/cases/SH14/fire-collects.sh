#!/bin/bash
# sort hands nothing on before it has everything: the programs before and behind it work in turn.
# not strace: on a busy machine waiting for a CPU looks like work, which it cannot tell apart
work() {
    awk '{ for (n = 0; n < 30000; n++) sum += n; print; fflush() }'
}
seq 150 | work | sort -R | work | wc -l # HERE
