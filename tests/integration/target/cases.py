"""What a target may not notice, as pieces of bash: "$@" is nothing, or the tracer.

Each is run twice and must give the same standard output, standard error and status. $W is
the folder of the fixture programs. The working directory is empty.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Case:
    name: str
    script: str
    stdin: bytes = b""
    strace_shows: bool = False


FATAL_SIGNALS = (
    *("HUP", "INT", "QUIT", "ILL", "TRAP", "ABRT", "BUS", "FPE", "KILL", "USR1", "SEGV", "USR2"),
    *("PIPE", "ALRM", "TERM", "STKFLT", "XCPU", "XFSZ", "VTALRM", "PROF", "IO", "PWR", "SYS"),
    *("RTMIN+1", "RTMAX"),
)

CASES = (
    # output and status
    Case("output", r"""printf 'a\0\377\n' | "$@" cat; "$@" sh -c 'echo o; echo e >&2'"""),
    Case("both streams are one file", """"$@" sh -c 'echo 1; echo 2 >&2; echo 3' 2>&1"""),
    Case(
        "status", """for n in 0 1 2 7 125 126 127 128 255; do "$@" sh -c "exit $n"; echo $?; done"""
    ),
    Case("last status is the script's", """"$@" sh -c 'exit 42'"""),
    *(
        Case(
            f"killed by {signo}",
            f"""ulimit -c 0; {{ "$@" sh -c 'kill -{signo} $$'; }} 2>/dev/null; echo $?""",
        )
        for signo in FATAL_SIGNALS
    ),
    # finding the command
    Case("not found", """"$@" no-such-command 2>/dev/null; echo $?"""),
    Case("empty name", """"$@" '' 2>/dev/null; echo $?"""),
    Case("not executable", """touch x; "$@" ./x 2>/dev/null; echo $?"""),
    Case("directory", """mkdir x; "$@" ./x 2>/dev/null; echo $?"""),
    Case("below a file", """touch x; "$@" ./x/y 2>/dev/null; echo $?"""),
    Case("link to itself", """ln -s x x; "$@" ./x 2>/dev/null; echo $?"""),
    Case(
        "missing interpreter",
        r"""printf '#!/no/such\n' >x; chmod +x x; "$@" ./x 2>/dev/null; echo $?""",
    ),
    Case(
        "script without #!",
        """echo 'echo "$0" "$@"; exit 3' >x; chmod +x x; "$@" ./x 'a b'; echo $?""",
    ),
    Case(
        "path search passes over what can't be executed",
        r"""mkdir a b c; touch a/it; mkdir b/it; printf '#!/bin/sh\necho $0\n' >c/it
        chmod +x c/it; PATH=a:b::nowhere:c:$PATH; "$@" it""",
    ),
    Case(
        "empty entry of PATH is the working directory",
        r"""printf '#!/bin/sh\necho $0\n' >it; chmod +x it; PATH=:$PATH; "$@" it""",
    ),
    Case(
        "only a file that can't be executed", """touch it; PATH=.; "$@" it 2>/dev/null; echo $?"""
    ),
    Case("too many arguments", """"$@" /bin/true $(seq 1000000) 2>/dev/null; echo $?"""),
    # arguments and environment
    Case("arguments", r""""$@" $W/inherited argv -- '' 'a  b' $'\377\n' '*' -- -x --help"""),
    Case("argv[0] is the word that was given", """PATH=$W:$PATH; "$@" inherited argv"""),
    Case("executed file", """PATH=$W:$PATH; "$@" sh -c 'readlink /proc/$$/exe'"""),
    Case("environment", """"$@" $W/inherited environ"""),
    Case("exported functions", """f() { echo in f; }; export -f f; "$@" bash -c f; "$@" env"""),
    Case("locale is unset", """unset LANG LC_ALL LC_CTYPE; "$@" $W/inherited environ"""),
    Case("locale is C", """export LC_ALL=C; "$@" $W/inherited environ"""),
    Case(
        "locale is POSIX", """unset LC_ALL LC_CTYPE; export LANG=POSIX; "$@" $W/inherited environ"""
    ),
    Case(
        "variables of Python",
        """export PYTHONUTF8=1 PYTHONDONTWRITEBYTECODE=1; "$@" $W/inherited environ""",
    ),
    Case(
        "odd environment",
        r"""$W/prepared environ=PATH=/bin:/usr/bin environ=A=1 environ=A=2 environ== environ==x \
            environ=noequals environ= environ=b.a-d=1 environ=$'\377=\376' environ=E= \
            environ=A=3 -- "$(command -v "${1:-$W/inherited}")" "${@:2}" $W/inherited environ""",
    ),
    Case(
        "empty environment",
        """$W/prepared environ= -- "${1:-$W/inherited}" "${@:2}" $W/inherited environ""",
    ),
    Case(
        "underscore of bash",
        """"$@" sh -c 'echo $_'; "$@" bash -c 'echo $_'; "$@" env | grep ^_=""",
    ),
    Case("underscore of another", """env "$@" env | grep ^_=; _=x "$@" env | grep ^_="""),
    # place
    Case("working directory", """mkdir d; cd d; "$@" $W/inherited cwd"""),
    Case("logical working directory", """mkdir d; ln -s d l; cd l; "$@" sh -c 'echo $PWD; pwd'"""),
    Case(
        "deleted working directory", """mkdir d; cd d; rmdir ../d; "$@" $W/inherited cwd; echo $?"""
    ),
    Case("umask", """for m in 0000 0022 0027 0777; do umask $m; "$@" $W/inherited umask; done"""),
    Case("created file", """umask 0137; "$@" touch x; stat -c '%a %u %g' x"""),
    # limits and scheduling
    Case("limits", """"$@" $W/inherited limits"""),
    Case(
        "lowered limits",
        """ulimit -Sc 0; ulimit -n 100; ulimit -Sn 50; ulimit -St 1000; ulimit -f 100000
        ulimit -Ss 4096; ulimit -Sl 16; ulimit -Sq 4096; "$@" $W/inherited limits""",
    ),
    Case("nice", """nice -n 7 "$@" $W/inherited scheduling"""),
    Case("ionice", """ionice -c 3 "$@" $W/inherited scheduling"""),
    Case("affinity", """taskset -c 0 "$@" grep Cpus_allowed /proc/self/status"""),
    Case(
        "attributes in /proc",
        """echo 300 >/proc/$BASHPID/oom_score_adj; echo 0x13 >/proc/$BASHPID/coredump_filter
        "$@" sh -c 'cd /proc/$$; cat oom_score_adj coredump_filter personality timerslack_ns \
            cgroup loginuid sessionid; readlink ns/* root' 2>&1""",
    ),
    Case(
        "privileges",
        """"$@" grep -E '^(Uid|Gid|Groups|Cap|NoNew|Sec|Specul|Thr|Umask)' /proc/self/status
        "$@" $W/inherited ids process""",
    ),
    Case("tracer", """"$@" grep Tracer /proc/self/status""", strace_shows=True),
    # descriptors
    Case("descriptors", """"$@" $W/inherited descriptors"""),
    Case(
        "inherited descriptors",
        """for n in {3..20} 100 1000; do eval "exec $n</etc/passwd"; done; exec 30>x 31<>x 32>>x
        read -u 5 _; head -c 10 <&6 >/dev/null; echo abc >&30; "$@" $W/inherited descriptors""",
    ),
    Case(
        "inherited pipe",
        """exec 5< <(echo from the pipe); "$@" sh -c 'cat <&5; echo x >&6' 6>&1""",
    ),
    *(
        Case(f"closed {which}", f""""$@" $W/inherited -o x descriptors {how}; cat x""")
        for which, how in (
            ("stdin", "<&-"),
            ("stdout", ">&-"),
            ("stderr", "2>&-"),
            ("stdin and stdout", "<&- >&-"),
            ("standard streams", "<&- >&- 2>&-"),
        )
    ),
    Case("stdin", """"$@" sh -c 'read a; echo "<$a>"; cat'""", bytes(range(256)) * 1000),
    Case("stdin is shared", """seq 5 >x; { "$@" head -c 2; cat; } <x"""),
    Case("stdin is left to the next", """"$@" true; cat""", b"still here"),
    Case("appended output", """echo a >x; "$@" sh -c 'echo b; echo c' >>x; echo d >>x; cat x"""),
    Case("truncated output", """echo aaaa >x; "$@" echo b 1<>x; cat x"""),
    # pipes end when the target lets go of them
    Case(
        "stdout is closed by the target",
        """mkfifo f; "$@" sh -c 'echo x; exec >&-; read _ <f' | { cat; echo >f; }""",
    ),
    Case(
        "stdin is closed by the target",
        """mkfifo f; { yes; echo >f; } 2>/dev/null | "$@" sh -c 'exec <&-; read _ <f; echo done'""",
    ),
    Case(
        "another pipe is closed by the target",
        """mkfifo f; "$@" sh -c 'echo x >&7; exec 7>&-; read _ <f' 7>&1 >/dev/null |
        { cat; echo >f; }""",
    ),
    Case("reader goes away", """"$@" yes 2>/dev/null | head -n 1; echo "${PIPESTATUS[@]}" """),
    # signals
    Case("signals", """"$@" $W/inherited signals"""),
    Case("background", """"$@" $W/inherited signals & wait"""),
    Case("nohup", """nohup "$@" $W/inherited signals"""),
    *(
        Case(f"{signo} is ignored", f"""trap '' {signo}; "$@" $W/inherited signals; :""")
        for signo in ("HUP", "INT", "QUIT", "PIPE", "XFSZ", "TERM", "CHLD", "TSTP", "RTMIN+3")
    ),
    Case("PIPE and XFSZ are ignored", """trap '' PIPE XFSZ; "$@" $W/inherited signals; :"""),
    Case("PIPE is ignored above", """trap '' PIPE; timeout 50 "$@" $W/inherited signals; :"""),
    Case("PIPE is ignored in a subshell", """(trap '' PIPE; "$@" $W/inherited signals; :)"""),
    Case(
        "PIPE is ignored by the caller for itself",
        """python3 -c 'import subprocess, sys; subprocess.run(sys.argv[1:])' \
            "$@" $W/inherited signals""",
    ),
    Case("reader goes away while PIPE is ignored", """trap '' PIPE; "$@" yes 2>&1 | head -n 1"""),
    Case(
        "blocked",
        """$W/prepared block=10 block=15 block=40 -- "${1:-$W/inherited}" \
        "${@:2}" $W/inherited signals""",
    ),
    Case(
        "chld is ignored",
        """$W/prepared ignore=17 -- "${1:-$W/inherited}" "${@:2}" \
        $W/inherited signals""",
    ),
    # process
    Case("job", """"$@" $W/inherited job; :"""),
    Case(
        "inherited timer",
        """$W/prepared alarm=1000 -- "${1:-$W/inherited}" "${@:2}" \
        $W/inherited timers""",
    ),
    Case(
        "death signal",
        """$W/prepared death-signal=10 -- "${1:-$W/inherited}" "${@:2}" \
        $W/inherited process""",
    ),
    Case(
        "orphan",
        """"$@" sh -c '(while [ -d /proc/$$ ]; do :; done; echo late) & echo first' | sort""",
    ),
    Case("orphan's status", """"$@" sh -c '(exit 3) & exit 4'; echo $?"""),
    Case("children are the target's", """"$@" sh -c 'true & wait $!; echo $?; wait'"""),
    Case("nested", """"$@" "$@" sh -c 'exit 9'; echo $?""", strace_shows=True),
    Case("in a function in a pipe", """f() { "$@" cat; }; echo x | f "$@" | "$@" tr x y"""),
    Case("timeout", """timeout 100 "$@" sh -c 'echo x; exit 5'; echo $?"""),
    Case(
        "timeout runs out",
        """mkfifo f; timeout 3 "$@" sh -c 'trap "echo term; exit 5" TERM; read _ <f'; echo $?""",
    ),
    Case("xargs", """seq 3 | xargs -n 1 "$@" echo"""),
    Case("find", """touch a b; find . -name '[ab]' -exec "$@" echo {} + | tr ' ' '\n' | sort"""),
    Case("env", """env A=1 "$@" sh -c 'echo $A'"""),
)
