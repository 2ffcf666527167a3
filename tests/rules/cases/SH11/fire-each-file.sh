#!/bin/bash
# Every file is flushed as soon as it is written, by a program in the background that is waited for.
perl -MIO::Handle -MPOSIX=times -e ' # HERE
    my ($begin) = times;
    for (my $number = 0; (times)[0] < $begin + 25; $number++) {
        open(my $file, ">", "file-" . $number % 10) or die;
        for (1 .. 2) {
            syswrite($file, "part\n");
            $file->sync;
        }
    }
' &
wait
