#!/usr/bin/bash
# A file whose content is the state of the system.
for number in {1..20}; do
    load=$(grep -m 1 . /proc/loadavg)
done
echo "${load:+read}"
