"""Which process each line is of: forks, threads, pids that come again, missing ends."""

from __future__ import annotations

import re
from typing import Any

from aklo_trace.schema import ProcessFlag

from .readable import Readable
from .readable import read as read_log

EPOCH_NS = 1_700_000_000_000_000_000
UNSEEN = int(ProcessFlag.START_UNSEEN)


def read(log: str, **options: Any) -> Readable:
    """Read a log whose times are written short, from `EPOCH_NS` on."""
    return read_log(re.sub(r"^(\d+ )(\d)\.", r"\g<1>170000000\2.", log, flags=re.M), **options)


def test_a_child_that_acts_before_its_fork_returns_has_its_parent() -> None:
    found = read(
        """\
10 1.000001 execve("/bin/sh", ["sh"], 0x7 /* 1 var */) = 0 <0.000001>
10 1.000002 clone(child_stack=NULL, flags=SIGCHLD <unfinished ...>
11 1.000003 getpid() = 11 <0.000001>
10 1.000004 <... clone resumed>, child_tidptr=0x7) = 11 <0.000002>
"""
    )
    child = found.started(11)
    assert (child["parent_proc_id"], child["ppid"]) == (1, 10)
    assert child["ts_ns"] == EPOCH_NS + 1_000_003_000
    assert found.event("getpid")["proc_id"] == child["proc_id"]


def test_two_forks_at_once_keep_their_children_apart() -> None:
    found = read(
        """\
10 1.000001 getpid() = 10
20 1.000002 getpid() = 20
10 1.000003 fork( <unfinished ...>
20 1.000004 fork( <unfinished ...>
31 1.000005 getpid() = 31
30 1.000006 getpid() = 30
20 1.000007 <... fork resumed>) = 31
10 1.000008 <... fork resumed>) = 30
"""
    )
    assert found.started(31)["ppid"] == 20
    assert found.started(30)["ppid"] == 10
    assert len(found.of_type("ProcessStart")) == 4


def test_a_vfork_whose_child_runs_long_is_its_parent_all_the_same() -> None:
    found = read(
        "10 1.000001 getpid() = 10\n10 1.000002 vfork( <unfinished ...>\n"
        + "".join(f"11 1.{n:06d} getpid() = 11\n" for n in range(3, 50))
    )
    assert found.started(11)["ppid"] == 10
    assert found.event("vfork")["flags"] == "UNFINISHED"


def test_a_thread_belongs_to_the_process_that_made_it() -> None:
    found = read(
        """\
10 1.000001 execve("/bin/x", ["x"], 0x7 /* 1 var */) = 0
10 1.000002 clone3({flags=CLONE_VM|CLONE_THREAD}, 88) = 11
11 1.000003 gettid() = 11
11 1.000004 exit(0) = ?
11 1.000005 +++ exited with 0 +++
10 1.000006 exit_group(3) = ?
10 1.000007 +++ exited with 3 +++
"""
    )
    assert len(found.of_type("ProcessStart")) == 1
    assert found.event("gettid") == {
        "ts_ns": EPOCH_NS + 1_000_003_000,
        "proc_id": 1,
        "tid": 11,
        "syscall": "gettid",
        "ret": 11,
    }
    assert [(end["ts_ns"], end["exit_status"]) for end in found.of_type("ProcessEnd")] == [
        (EPOCH_NS + 1_000_007_000, 3)
    ]


def test_a_process_ends_with_its_last_thread_and_has_its_leaders_status() -> None:
    found = read(
        """\
10 1.000001 execve("/bin/x", ["x"], 0x7 /* 1 var */) = 0
10 1.000002 clone(child_stack=0x7, flags=CLONE_THREAD) = 11
11 1.000003 exit_group(3) = ?
10 1.000004 +++ exited with 3 +++
11 1.000005 +++ exited with 0 +++
"""
    )
    end = found.of_type("ProcessEnd")[0]
    assert (end["ts_ns"], end["exit_status"]) == (EPOCH_NS + 1_000_005_000, 3)


def test_a_pid_that_comes_again_is_another_process() -> None:
    life = """\
10 {at}.000001 fork() = 11
11 {at}.000002 getpid() = 11
11 {at}.000003 +++ exited with {at} +++
"""
    found = read("10 0.000001 getpid() = 10\n" + "".join(life.format(at=at) for at in (1, 2, 3)))
    assert [end["exit_status"] for end in found.of_type("ProcessEnd")] == [1, 2, 3]
    getpids = [e["proc_id"] for e in found.events if e["syscall"] == "getpid" and e["tid"] == 11]
    assert getpids == [2, 3, 4]
    assert [start["ppid"] for start in found.of_type("ProcessStart")[1:]] == [10, 10, 10]


def test_without_lines_for_exits_the_call_of_exit_ends_a_process() -> None:
    found = read(
        """\
10 1.000001 fork() = 11
11 1.000002 exit_group(5) = ?
10 1.000003 fork() = 11
11 1.000004 getpid() = 11
11 1.000005 exit_group(6) = ?
"""
    )
    assert [(e["proc_id"], e["exit_status"]) for e in found.of_type("ProcessEnd")] == [
        (2, 5),
        (3, 6),
    ]
    assert found.event("getpid")["proc_id"] == 3


def test_a_process_whose_fork_is_not_in_the_log_says_so() -> None:
    found = read("10 1.000001 getpid() = 10\n11 1.000002 getpid() = 11\n")
    assert [start.get("flags") for start in found.of_type("ProcessStart")] == [UNSEEN, UNSEEN]
    assert "parent_proc_id" not in found.started(11)


def test_the_process_that_strace_launched_is_seen_from_its_start() -> None:
    found = read('10 1.000001 execve("/bin/x", ["x"], 0x7 /* 1 var */) = 0\n')
    assert "flags" not in found.started(10)


def test_a_child_of_another_pid_namespace_is_known_by_straces_own_number() -> None:
    found = read(
        """\
10 1.000001 getpid() = 10
10 1.000002 fork() = 5 /* 77 in strace's PID NS */
77 1.000003 getpid() = 5
"""
    )
    assert found.started(77)["ppid"] == 10
    assert len(found.of_type("ProcessStart")) == 2


def test_an_exec_by_a_thread_ends_under_the_leader() -> None:
    found = read(
        """\
10 1.000001 execve("/bin/x", ["x"], 0x7 /* 1 var */) = 0
10 1.000002 clone(child_stack=0x7, flags=CLONE_THREAD) = 11
10 1.000003 pause( <unfinished ...>
11 1.000004 execve("/bin/y", ["y"], 0x7 /* 1 var */ <unfinished ...>
10 1.000005 <... pause resumed>) = ?
10 1.000006 +++ superseded by execve in pid 11 +++
10 1.000007 <... execve resumed>) = 0
10 1.000008 getpid() = 10
10 1.000009 +++ exited with 0 +++
"""
    )
    assert found.event("execve", 1) == {
        "ts_ns": EPOCH_NS + 1_000_004_000,
        "dur_ns": 3000,
        "proc_id": 1,
        "tid": 11,
        "syscall": "execve",
        "ret": 0,
        "path": "/bin/y",
        "base": "<cwd>",
    }
    assert found.event("pause")["flags"] == "UNFINISHED"
    assert [image["argv"] for image in found.of_type("ImageStart")] == [["x"], ["y"]]
    assert found.of_type("ProcessEnd")[0]["ts_ns"] == EPOCH_NS + 1_000_009_000
    assert len(found.of_type("ProcessStart")) == 1


def test_calls_without_an_end_or_a_beginning_are_marked() -> None:
    found = read(
        """\
10 1.000001 <... read resumed>"x", 1) = 1 <0.000500>
10 1.000002 wait4(-1,  <unfinished ...>
10 1.000003 +++ killed by SIGKILL +++
11 1.000004 read(3,  <unfinished ...>
"""
    )
    assert [
        (e["syscall"], e["ts_ns"], e.get("dur_ns"), e["flags"])
        for e in sorted(found.events, key=lambda event: event["syscall"])
    ] == [
        ("read", EPOCH_NS + 999_501_000, 500_000, "NO_ENTRY"),
        ("read", EPOCH_NS + 1_000_004_000, None, "UNFINISHED"),
        ("wait4", EPOCH_NS + 1_000_002_000, None, "UNFINISHED"),
    ]


def test_a_resumed_call_of_another_name_does_not_end_the_open_one() -> None:
    found = read(
        """\
10 1.000001 read(3,  <unfinished ...>
10 1.000002 <... write resumed>) = 1
"""
    )
    assert [(e["syscall"], e["flags"]) for e in found.events] == [
        ("read", "UNFINISHED"),
        ("write", "NO_ENTRY"),
    ]


def test_32_bit_calls_are_marked_from_one_note_to_the_next() -> None:
    found = read(
        """\
10 1.000001 getpid() = 10
11 1.000001 getpid() = 11
10 1.000002 [ Process PID=10 runs in 32 bit mode. ]
10 1.000003 getpid( <unfinished ...>
11 1.000003 getpid() = 11
10 1.000004 <... getpid resumed>) = 10
10 1.000005 [ Process PID=10 runs in 64 bit mode. ]
10 1.000006 getpid() = 10
"""
    )
    assert [(e["tid"], e.get("flags")) for e in found.events] == [
        (10, None),
        (11, None),
        (10, "COMPAT"),
        (11, None),
        (10, None),
    ]


def test_only_the_exec_and_what_follows_it_is_the_targets() -> None:
    log = """\
10 1.000001 read(5, "!", 1) = 1 <0.000001>
10 1.000002 execve("/no/x", ["x"], 0x7 /* 1 var */) = -1 ENOENT (No such file) <0.000001>
10 1.000003 execve("/bin/x", ["x"], 0x7 /* 1 var */) = 0 <0.000100>
10 1.000200 getpid() = 10 <0.000001>
10 1.000300 +++ exited with 0 +++
"""
    found = read(log, skip_until_exec_of=10)
    assert [event["syscall"] for event in found.events] == ["execve", "getpid"]
    assert found.processes == [
        {"type": "ProcessStart", "ts_ns": EPOCH_NS + 1_000_003_000, "proc_id": 1, "pid": 10},
        {
            "type": "ImageStart",
            "ts_ns": EPOCH_NS + 1_000_103_000,
            "proc_id": 1,
            "exe": "/bin/x",
            "argv": ["x"],
        },
        {
            "type": "ProcessEnd",
            "ts_ns": EPOCH_NS + 1_000_300_000,
            "proc_id": 1,
            "exit_status": 0,
            "stopped_ns": 0,
        },
    ]
    assert found.statistics.lines == 5
    assert read(log, skip_until_exec_of=11).events == []


def test_lines_without_a_pid_are_of_the_only_process_there_is() -> None:
    found = read(
        """\
execve("/bin/sh", ["sh"], 0x7 /* 1 var */) = 0
set_tid_address(0x7) = 10
fork(strace: Process 11 attached
) = 11
[pid    11] getpid() = 11
[pid    10] wait4(-1,  <unfinished ...>
[pid    11] +++ exited with 0 +++
<... wait4 resumed>NULL, 0, NULL) = 11
getpid() = 10
+++ exited with 0 +++
"""
    )
    assert [(e["syscall"], e["tid"]) for e in found.events] == [
        ("execve", 10),
        ("set_tid_address", 10),
        ("fork", 10),
        ("getpid", 11),
        ("wait4", 10),
        ("getpid", 10),
    ]
    assert found.event("wait4")["ret"] == 11
    assert [end["proc_id"] for end in found.of_type("ProcessEnd")] == [2, 1]


def test_a_log_of_one_process_has_the_pid_of_its_file_or_what_it_says_itself() -> None:
    line = "1.000001 brk(NULL) = 0x1\n"
    assert read(line, pid=77).events[0]["tid"] == 77
    assert read(line + "1.000002 getpid() = 55\n").events[0]["tid"] == 55
    assert read(line).events[0]["tid"] == 0
