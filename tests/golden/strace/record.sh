#!/bin/bash
# Records the logs of this folder anew, with the strace that is installed. Needs gcc.
# Run tests/unit/strace with UPDATE_GOLDEN=1 afterwards, and read the differences.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
gcc -static -O1 -w -pthread -o "$work/workload" "$here/workload.c"
mkdir "$work/run"
cd "$work/run"
clean=(env -i PATH=/usr/bin:/bin)

record() { # name, mode of the workload, options of strace
	local name=$1 mode=$2
	shift 2
	"${clean[@]}" strace "$@" -o "$here/$name.log" "$work/workload" "$mode" || true
}

record alone tree -ttt
record follow tree -f -ttt -T -y
record nanoseconds tree -f -y -s 512 --syscall-times=ns \
	--absolute-timestamps=format:unix,precision:ns
record clock tree -f -tt -T -r
record seconds tree -f -t -n -i
record relative tree -f -r -y
record untimed tree -f
record comm tree -f -ttt -Y -yy
record stacks compat -ttt -k
record dumps tree -ttt -e trace=read,write,pread64,pwrite64 -e read=all -e write=all
record hexadecimal tree -f -ttt -xx -y
record raw tree -f -ttt -e raw=all
record verbose tree -f -ttt -v -X verbose
record injected tree -f -ttt -T -y -e inject=close:error=EIO:when=1 -e inject=umask:delay_exit=5 \
	-e inject=faccessat:retval=7
record successes tree -f -ttt -T -z
record summary tree -f -ttt -C
record quiet tree -f -ttt -qq
record seccomp tree -f -ttt --seccomp-bpf -e trace=%process,openat
record threads threads -f -ttt -T -y
record compat compat -f -ttt -T -e quiet=none
record restarted sleep -f -ttt -T -y
rm -f "$here"/family.log.*
record family threads -ff -ttt -T -y
"${clean[@]}" strace -f -y "$work/workload" threads 2> "$here/terminal.log" || true

"$work/workload" sleep &
sleep 0.2
timeout -s INT 0.9 "${clean[@]}" strace -f -ttt -T -p $! -o "$here/attached.log" || true
wait $! || true

head -c 2500 "$here/follow.log" > "$here/cut.log"
for log in "$here"/*.log*; do
	sed -i "s#$work#/home/u#g" "$log"
done
