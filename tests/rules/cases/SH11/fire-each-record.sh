#!/bin/bash
# Every record is flushed to the disk before the next one is written, for a quarter of a second.
write_records() {
    perl -MIO::Handle -MPOSIX=times -e ' # HERE
        open(my $records, ">", "records") or die;
        my ($begin) = times;
        while ((times)[0] < $begin + 25) {
            syswrite($records, "record\n");
            $records->sync;
        }
    '
}
write_records
