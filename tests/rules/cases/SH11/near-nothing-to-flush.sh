#!/bin/bash
# What is flushed is a pipe, which fails at once.
perl -MIO::Handle -e '
    for my $number (1 .. 100) {
        STDOUT->sync;
        my $sum = 0;
        $sum += $_ for 1 .. 5000;
    }
' | cat
