"""A trace that has something for every section of a report."""

from __future__ import annotations

from aklo_trace.schema import ImageFlag, ProcessFlag, SiteFlag, SyscallFlag

from .synthetic_trace import MS, SyntheticTrace

US = 1_000
UNFINISHED = int(SyscallFlag.UNFINISHED)
SHELL = {
    "exit_status": 3,
    "utime_ns": 90 * MS,
    "stime_ns": 30 * MS,
    "run_delay_ns": 60 * MS,
    "stopped_ns": 210 * MS,
}
HOSTILE = "/tmp/evil\x1b[2J\x1b]0;owned\x07\nExit       0\u202etxt.\u2066\u200b\x9b31m\x7f"


def sample_trace() -> SyntheticTrace:
    """A shell script that reads files, runs `sed` eight times, and leaves a process behind."""
    trace = SyntheticTrace(wall_ns=1500 * MS)
    trace.facts = {
        "argv": ("aklo", "new", "--title", "A title; with spaces"),
        "exit_status": 3,
        "target_proc_id": 10,
        "complete": False,
        "incomplete_reason": "12 of 212 calls were lost",
        "attempts": 212,
        "lost": 12,
        "loss": {"event_ring_full": 9, "record_ring_full": 3},
        "lost_by_syscall": {"read": 10, "openat": 2},
        "in_flight_by_syscall": {"read": 1},
        "notes": ("Descriptors that were open before the trace have no path.",),
    }
    _shell(trace)
    for number in range(8):
        _sed(trace, 20 + number, (200 + 100 * number) * MS)
    _leftover(trace)
    for number in range(8):
        at = (190 + 100 * number) * MS
        trace.function_call(10, "title_of", at, 40 * MS, file="/opt/aklo/modules/1/new.sh")
    trace.function_call(10, HOSTILE, 180 * MS, 900 * MS, exit_status=1)
    for number in range(4):
        target, status = f"protocol-{number}.xml", "error" if number == 2 else "ok"
        trace.report("parse", 300 * MS, (9 + number) * MS, target=target, status=status)
    trace.report(HOSTILE, 400 * MS, None, target=HOSTILE, details=HOSTILE)
    return trace


def _shell(trace: SyntheticTrace) -> None:
    shell = trace.process(10, 0, 1400 * MS, **SHELL)
    trace.image(shell, 0, "/usr/bin/env", "aklo", "new", script="/opt/aklo/bin/aklo")
    words = ("bash", "/opt/aklo/bin/aklo", "new")
    bash = trace.image(shell, 2 * MS, "/usr/bin/bash", *words, shell="bash 5.2.15")
    script, title, loop = _sites(trace)
    config, pipe = trace.file("/home/dev/project/.aklo.conf"), trace.file("pipe:[77]", "pipe")
    terminal, hostile = trace.file("/dev/pts/1", "terminal"), trace.file(HOSTILE)
    for number in range(30):
        module = trace.file(f"/opt/aklo/modules/{number % 3}/module-{number:02}.sh")
        at = (5 + number) * MS
        found = {"fd": 3, "file_id": module, "image_id": bash}
        trace.call(10, "openat", at, 12 * US + number, ret=3, site_id=script, **found)
        trace.call(10, "read", at + 50 * US, (20 + number) * US, bytes=4096 + number, **found)
        trace.call(10, "close", at + 200 * US, 700, **found)
    for number in range(12):
        missing = trace.file(f"/usr/lib/locale/{number}/LC_ALL", None)
        call = {"file_id": missing, "image_id": bash, "ret": -1, "errno": 2}
        trace.call(10, "openat", (40 + number) * MS, 9 * US, **call)
    trace.call(10, "read", 60 * MS, 400 * US, fd=3, file_id=config, bytes=200, image_id=bash)
    trace.call(10, "openat", 62 * MS, 3 * MS, fd=3, file_id=hostile, image_id=bash)
    trace.call(10, "close", 69 * MS, 500, fd=99, ret=-1, errno=9, image_id=bash)
    trace.call(10, "read", 70 * MS, 20 * US, fd=9, bytes=64, image_id=bash)
    trace.call(10, "write", 80 * MS, 90 * US, fd=1, file_id=terminal, bytes=40, image_id=bash)
    _look_up(trace, bash, title)
    for number in range(8):
        at = (199 + 100 * number) * MS
        place = {"image_id": bash, "site_id": title}
        trace.call(10, "clone", at, 800 * US, ret=20 + number, **place)
        trace.call(10, "read", at + MS, 40 * MS, fd=4, file_id=pipe, bytes=12, **place)
        trace.call(10, "wait4", at + 42 * MS, 12 * MS, ret=20 + number, **place)
    trace.call(10, "rt_sigaction", 1200 * MS, US, image_id=bash, site_id=loop)
    for number in range(9):
        trace.sample(10, (1205 + 10 * number) * MS, loop, bash)
    trace.call(10, "exit_group", 1399 * MS, None, flags=UNFINISHED, image_id=bash)


def _look_up(trace: SyntheticTrace, bash: int, title: int) -> None:
    """An entry of a cache is missed and made, and then found."""
    entry = trace.file("/home/dev/project/.aklo_cache/planning_pbi.parsed")
    found = {"file_id": entry, "image_id": bash, "site_id": title}
    trace.call(10, "newfstatat", 82 * MS, 5 * US, **found | {"ret": -1, "errno": 2})
    trace.call(10, "newfstatat", 94 * MS, 5 * US, **found)
    for at, syscall in (90, "write"), (95, "read"):
        trace.call(10, "openat", at * MS, 9 * US, fd=3, **found)
        trace.call(10, syscall, at * MS + 20 * US, 8 * US, fd=3, bytes=80, offset=0, **found)


def _sites(trace: SyntheticTrace) -> tuple[int, int, int]:
    """At the beginning of the script, in the functions that it calls, and in an eval there."""
    aklo, new = "/opt/aklo/bin/aklo", "/opt/aklo/modules/1/new.sh"
    main = ("main", aklo, 65), (None, aklo, 7)
    return (
        trace.site("main", aklo, 12, main[1]),
        trace.site("title_of", new, 31, ("new_item", new, 9), *main),
        trace.site(HOSTILE, new, 3, *main, flags=int(SiteFlag.LINE_RELATIVE)),
    )


def _sed(trace: SyntheticTrace, pid: int, start: int) -> None:
    more = {"parent_proc_id": 10, "ppid": 10, "exit_status": 0, "utime_ns": 5 * MS}
    more |= {"stime_ns": MS, "run_delay_ns": 7 * MS, "site_id": 1}
    trace.process(pid, start, start + 52 * MS, **more)
    trace.call(pid, "execve", start + MS, 2 * MS, image_id=1, site_id=1)
    words = ("sed", "-n", "s/^title: *//p", f"/home/dev/project/backlog/item-{pid}.md")
    cut = int(ImageFlag.ARGV_TRUNCATED)
    sed = trace.image(pid, start + 3 * MS, "/usr/bin/sed", *words, flags=cut, site_id=1)
    for number in range(4):
        at = start + (5 + number) * MS
        trace.call(pid, "mmap", at, 15 * US, image_id=sed)
        trace.call(pid, "openat", at + 100 * US, 30 * US, fd=3, image_id=sed, flags=2)
    trace.call(pid, "exit_group", start + 51 * MS, None, flags=UNFINISHED, image_id=sed)


def _leftover(trace: SyntheticTrace) -> None:
    still_running = int(ProcessFlag.END_UNSEEN)
    trace.process(40, 1300 * MS, None, parent_proc_id=10, ppid=10, flags=still_running)
    trace.call(40, "clock_nanosleep", 1310 * MS, None, flags=UNFINISHED, image_id=1)
