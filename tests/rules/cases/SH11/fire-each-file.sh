#!/bin/bash
# Every file is flushed as soon as it is written, by a program in the background that is waited for.
timeout 0.3 perl -MIO::Handle -e ' # HERE
    for (my $number = 0; ; $number++) {
        open(my $file, ">", "file-" . $number % 10) or die;
        for (1 .. 5) {
            syswrite($file, "part\n");
            $file->sync;
        }
    }
' &
wait
