#!/bin/bash
# Every record is flushed to the disk before the next one is written.
write_records() {
    timeout 0.3 perl -MIO::Handle -e ' # HERE
        open(my $records, ">", "records") or die;
        while (1) {
            syswrite($records, "record\n");
            $records->sync;
        }
    '
}
write_records
exit 0
