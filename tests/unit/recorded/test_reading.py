"""What a recorder left, read: whole, cut anywhere, with pieces missing, and damaged."""

from __future__ import annotations

import random
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from aklo_trace.ebpf import layout, reading, records
from aklo_trace.errors import CorruptTrace, TraceError
from aklo_trace.schema import ImageFlag, OffCpuFlag, ProcessFlag, SyscallFlag
from aklo_trace.store import LIVE, Trace, open_trace

from .spools import PAGE_BYTES, PID, PPID, START_NS, Spools, number, small_life

Row = dict[str, Any]
FIXTURES = [HealthCheck.function_scoped_fixture]


def rows(trace: Trace, table: str) -> list[Row]:
    found: list[Row] = trace.table(table).to_pylist()
    return found


def read(spools: Spools, directory: Path) -> Trace:
    spools.write(directory)
    return open_trace(directory)


@pytest.fixture(params=[1, 2, 3, 1 << 19], ids=lambda size: f"pieces of {size}")
def piece(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """However large the pieces are that a recording is read in."""
    monkeypatch.setattr(reading, "BATCH_EVENTS", request.param)


@pytest.mark.usefixtures("piece")
def test_times_without_a_cpu_are_read(tmp_path: Path) -> None:
    spools = small_life()
    spools.off_cpu(2, 0, START_NS + 20_000, flags=int(OffCpuFlag.BY_OTHERS))
    first, second = rows(read(spools, tmp_path), "offcpu")
    assert first["ready_ns"] == START_NS + 7_000
    assert first["ts_ns"] + first["dur_ns"] == START_NS + 9_000
    named = ("proc_id", "tid", "waker_proc_id", "waker_tid", "flags")
    assert [first[name] for name in named] == [1, PID, 2, PID + 1, 0]
    assert [second[name] for name in named] == [2, PID + 1, None, None, OffCpuFlag.BY_OTHERS]
    assert second["ready_ns"] is None


@pytest.mark.usefixtures("piece")
def test_calls_are_read(tmp_path: Path) -> None:
    trace = read(small_life(), tmp_path)
    calls = sorted(rows(trace, "syscalls"), key=lambda row: row["ts_ns"])
    names = [
        "execve",
        "chdir",
        "clone",
        "execve",
        "openat",
        "read",
        "exit_group",
        "wait4",
        "exit_group",
    ]
    assert [call["syscall"] for call in calls] == names
    assert [call["pid"] for call in calls] == [PID] * 3 + [PID + 1] * 4 + [PID] * 2
    assert [call["image_id"] for call in calls] == [None, 0, 0, 0, 1, 1, 1, 0, 0]
    transfer = calls[5]
    expected = {"ret": 100, "errno": None, "fd": 3, "bytes": 100, "offset": 7, "dur_ns": 50}
    assert {name: transfer[name] for name in expected} == expected
    last = calls[-1]
    assert (last["ret"], last["dur_ns"], last["flags"]) == (None, None, SyscallFlag.UNFINISHED)


@pytest.mark.usefixtures("piece")
def test_files_are_read(tmp_path: Path) -> None:
    trace = read(small_life(), tmp_path)
    files = {row["file_id"]: row for row in rows(trace, "files")}
    calls = {call["syscall"]: call for call in rows(trace, "syscalls")}
    file = files[calls["read"]["file_id"]]
    assert file == files[calls["openat"]["file_id"]]
    assert (file["path"], file["inode"], file["kind"]) == ("/home/sub/file", 12, "regular")
    assert file["dev"] == 8 << 8 | 1


@pytest.mark.usefixtures("piece")
def test_processes_and_images_are_read(tmp_path: Path) -> None:
    trace = read(small_life(), tmp_path)
    child, parent = rows(trace, "processes")
    assert (parent["pid"], parent["ppid"], parent["parent_proc_id"]) == (PID, PPID, None)
    assert (child["pid"], child["ppid"], child["parent_proc_id"]) == (PID + 1, PID, 1)
    assert (parent["exit_status"], child["exit_status"]) == (3, 0)
    assert (child["utime_ns"], child["stime_ns"]) == (600, 300)
    assert child["max_rss_bytes"] == 10 * PAGE_BYTES
    shell, cat = rows(trace, "images")
    assert (shell["exe"], shell["argv"]) == ("/bin/sh", ["sh", "-c", "cat"])
    assert (cat["exe"], cat["argv"], cat["inode"]) == ("/bin/cat", ["cat", "file"], 99)
    assert trace.meta.exit_status == 3
    assert trace.meta.target_proc_id == 1


def cut(spools: Spools, events: int, records_end: int, marks: int) -> Spools:
    return Spools(
        spools.events[:events],
        spools.records[:records_end],
        spools.marks[:marks],
        spools.own,
        spools.kernel,
    )


@settings(max_examples=60, deadline=None, suppress_health_check=FIXTURES)
@given(st.data())
def test_cut_anywhere_it_is_readable(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch, data: st.DataObject
) -> None:
    monkeypatch.setattr(reading, "BATCH_EVENTS", data.draw(st.integers(1, 12)))
    whole = small_life()
    lengths = (
        data.draw(st.integers(0, len(content)))
        for content in (whole.events, whole.records, whole.marks)
    )
    spools = cut(whole, *lengths)
    trace = read(spools, tmp_path_factory.mktemp("cut") / "trace")
    calls = rows(trace, "syscalls")
    assert len(calls) == len(spools.events) // layout.EVENT.size
    assert trace.meta.attempts == 9
    assert sum(trace.meta.in_flight_by_syscall.values()) == 9 - len(calls)
    known = {row["proc_id"] for row in rows(trace, "processes")}
    assert {call["proc_id"] for call in calls} <= known
    assert not trace.meta.complete


def test_a_path_whose_record_is_missing_is_marked(tmp_path: Path) -> None:
    spools = Spools()
    spools.path(5, b"/five")
    for record_id in (4, 5, 6):
        spools.call("access", record_id=record_id)
    trace = read(spools, tmp_path)
    lost = SyscallFlag.PATH_LOST
    assert [call["flags"] for call in rows(trace, "syscalls")] == [lost, 0, lost]
    assert [row["path"] for row in rows(trace, "files")] == ["/five"]


@pytest.mark.usefixtures("piece")
def test_a_record_waits_for_its_call(tmp_path: Path) -> None:
    """A call that takes long is handed over long after its path."""
    spools = Spools()
    spools.path(1, b"/long")
    for _ in range(5):
        spools.call("getpid")
        spools.mark()
    spools.call("openat", record_id=1, ret=-2)
    spools.mark()
    trace = read(spools, tmp_path)
    assert [row["path"] for row in rows(trace, "files")] == ["/long"]


@pytest.mark.usefixtures("piece")
def test_accounts_older_than_the_last_calls_do_not_go_below_zero(tmp_path: Path) -> None:
    spools = Spools()
    for _ in range(5):
        spools.call("getpid")
    spools.kernel = {f"attempts{number('getpid')}": 2, f"attempts{number('read')}": 1}
    meta = read(spools, tmp_path).meta
    assert (meta.attempts, meta.in_flight_by_syscall) == (6, {"read": 1})


@pytest.mark.parametrize("sample_hz", [0, 99])
def test_that_no_samples_were_taken_is_said(tmp_path: Path, sample_hz: int) -> None:
    """Lines are charged with what was computed between calls, which without samples is a guess."""
    spools = small_life()
    spools.sample_hz = sample_hz
    notes = read(spools, tmp_path).meta.notes
    assert any("No samples were taken" in note for note in notes) == (not sample_hz)


def test_losses_are_told_by_cause(tmp_path: Path) -> None:
    spools = small_life()
    read_slot, open_slot = number("read"), number("openat")
    spools.kernel |= {f"lost{read_slot}": 3, "records_lost1": 2, "tasks_lost": 1}
    spools.kernel |= {"records_lost9": 8, "records_lost10": 6}
    spools.kernel[f"attempts{read_slot}"] += 7
    spools.own |= {f"lost{open_slot}": 4, "records_lost3": 5, "records_lost10": 1}
    spools.kernel[f"attempts{open_slot}"] += 4
    meta = read(spools, tmp_path).meta
    assert meta.loss == {
        "event_ring_full": 3,
        "disk_write_failed": 4,
        "record_ring_full": 2,
        "record_disk_write_failed": 5,
        "function_records": 8,
        "off_cpu_records": 7,
        "task_state_full": 1,
    }
    assert (meta.lost, meta.lost_by_syscall) == (7, {"read": 3, "openat": 4})
    assert meta.in_flight_by_syscall == {"read": 4}
    assert meta.attempts == meta.tables["syscalls"] + 7 + 4


def test_a_process_whose_fork_was_lost_begins_with_its_first_call(tmp_path: Path) -> None:
    spools = Spools()
    spools.call("execve")
    spools.call("getpid", proc=5, tid=4800)
    spools.exit(5)
    trace = read(spools, tmp_path)
    found = next(row for row in rows(trace, "processes") if row["proc_id"] == 5)
    assert (found["pid"], found["parent_proc_id"], found["exit_status"]) == (4800, None, 0)
    assert found["flags"] == ProcessFlag.START_UNSEEN


def test_a_process_without_an_end_was_still_running(tmp_path: Path) -> None:
    spools = Spools()
    spools.call("execve")
    (found,) = rows(read(spools, tmp_path), "processes")
    assert (found["end_ns"], found["flags"]) == (None, ProcessFlag.END_UNSEEN)


@pytest.mark.parametrize(
    ("code", "status", "signal"),
    [(0, 0, None), (255 << 8, 255, None), (9, None, 9), (11 | 0x80, None, 11)],
)
def test_ends_are_told_as_wait_tells_them(
    tmp_path: Path, code: int, status: int | None, signal: int | None
) -> None:
    spools = Spools()
    spools.call("execve")
    spools.exit(1, exit_code=code)
    (found,) = rows(read(spools, tmp_path), "processes")
    assert (found["exit_status"], found["signal"]) == (status, signal)


def test_times_of_threads_add_up(tmp_path: Path) -> None:
    spools = Spools()
    spools.call("execve")
    for cpu_ns in (100, 200):
        spools.exit(1, last=False, cpu_ns=cpu_ns, system_ns=10)
    spools.exit(1, cpu_ns=400, system_ns=20)
    (found,) = rows(read(spools, tmp_path), "processes")
    assert (found["utime_ns"], found["stime_ns"]) == (660, 40)


def images(spools: Spools, directory: Path) -> list[Row]:
    spools.call("execve")
    spools.call("getpid")
    trace = read(spools, directory)
    assert rows(trace, "syscalls")[1]["image_id"] == len(rows(trace, "images")) - 1
    return rows(trace, "images")


@pytest.mark.parametrize("chunk", [1, 2, 7, 4096])
def test_arguments_in_pieces_are_put_together(tmp_path: Path, chunk: int) -> None:
    block = b"sh\0\0-c\0echo caf\xe9\0"
    spools = Spools()
    spools.exec(1, b"/bin/sh", len(block))
    for offset in range(0, len(block), chunk):
        spools.argv(1, offset, block[offset : offset + chunk])
        spools.path(offset + 100, b"/in/between")
    (image,) = images(spools, tmp_path)
    assert image["argv"] == ["sh", "", "-c", r"echo caf\xe9"]
    assert image["flags"] == ImageFlag.NOT_UTF8


def test_arguments_of_two_processes_do_not_mix(tmp_path: Path) -> None:
    spools = Spools()
    spools.fork(2)
    spools.exec(1, b"/bin/a", 4)
    spools.exec(2, b"/bin/b", 4)
    for proc, text in ((1, b"a1"), (2, b"b1"), (2, b"x\0"), (1, b"y\0")):
        spools.argv(proc, 0 if text.endswith(b"1") else 2, text)
    trace = read(spools, tmp_path)
    assert {tuple(row["argv"]) for row in rows(trace, "images")} == {("a1y",), ("b1x",)}


@pytest.mark.parametrize(
    ("pieces", "argv", "flag"),
    [
        ([(0, b"sh\0"), (3, b"")], ["sh"], ImageFlag.ARGV_TRUNCATED),
        ([(0, b"")], None, ImageFlag.ARGV_UNREADABLE),
        ([(0, b"sh\0"), (6, b"c\0")], ["sh"], ImageFlag.ARGV_TRUNCATED),
        ([(0, b"sh\0")], ["sh"], ImageFlag.ARGV_LOST),
        ([], None, ImageFlag.ARGV_LOST),
    ],
    ids=["unreadable end", "unreadable", "a piece is lost", "the end is lost", "all is lost"],
)
def test_arguments_that_are_not_whole_are_marked(
    tmp_path: Path,
    pieces: list[tuple[int, bytes]],
    argv: list[str] | None,
    flag: int,
) -> None:
    spools = Spools()
    spools.exec(1, b"/bin/sh", 8)
    for offset, text in pieces:
        spools.argv(1, offset, text)
    (image,) = images(spools, tmp_path)
    assert (image["exe"], image["argv"], image["flags"]) == ("/bin/sh", argv, flag)


def test_lost_arguments_do_not_make_the_rest_be_read_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Processes that end long after would be forgotten too early."""
    monkeypatch.setattr(reading, "BATCH_EVENTS", 1)
    monkeypatch.setattr(records, "READ_AHEAD_BYTES", 500)
    spools = Spools()
    spools.exec(1, b"/bin/sh", 8)
    spools.call("execve")
    spools.mark()
    for turn in range(20):
        spools.path(100 + turn, b"/some/path")
        spools.call("access", record_id=100 + turn)
        spools.mark()
    spools.exit(1)
    trace = read(spools, tmp_path)
    accesses = [row for row in rows(trace, "syscalls") if row["syscall"] == "access"]
    assert {row["image_id"] for row in accesses} == {0}


def test_an_interpreter_is_what_was_loaded(tmp_path: Path) -> None:
    spools = Spools()
    spools.exec(1, b"./tool", 3, interpreter=b"/bin/sh")
    spools.argv(1, 0, b"sh\0")
    (image,) = images(spools, tmp_path)
    assert (image["exe"], image["script"]) == ("/bin/sh", "/home/tool")


def test_a_target_in_a_pid_namespace_has_the_kernels_pid(tmp_path: Path) -> None:
    spools = Spools()
    spools.call("execve", tid=99_000)
    (found,) = rows(read(spools, tmp_path), "processes")
    assert (found["pid"], found["ppid"]) == (99_000, None)


def test_32_bit_numbers_are_those_of_the_other_table(tmp_path: Path) -> None:
    spools = Spools()
    spools.call("read", nr=layout.COMPAT_SLOT + 20, flags=int(SyscallFlag.COMPAT))
    (call,) = rows(read(spools, tmp_path), "syscalls")
    assert (call["syscall"], call["flags"]) == ("getpid", SyscallFlag.COMPAT)


@pytest.mark.parametrize(
    ("ret", "expected", "errno"),
    [(0, 0, None), (-2, -1, 2), (-4095, -1, 4095), (-4096, -4096, None), (-516, None, 516)],
)
def test_results(tmp_path: Path, ret: int, expected: int | None, errno: int | None) -> None:
    spools = Spools()
    spools.call("mmap", ret=ret)
    (call,) = rows(read(spools, tmp_path), "syscalls")
    assert (call["ret"], call["errno"]) == (expected, errno)


def damaged(live: Path, chance: random.Random) -> Iterator[str]:
    """Damage one file in one way, again and again."""
    whole = {path: path.read_bytes() for path in sorted(live.iterdir()) if path.stat().st_size}
    while True:
        path = chance.choice(list(whole))
        content = bytearray(whole[path])
        for _ in range(chance.randint(1, 4)):
            content[chance.randrange(len(content))] = chance.choice([0, 1, 0x7F, 0x80, 0xFF])
        path.write_bytes(content[: chance.randint(len(content) // 2, len(content))])
        yield path.name
        path.write_bytes(whole[path])


def test_damage_is_said_in_words_or_harmless(tmp_path: Path) -> None:
    live = small_life().write(tmp_path / "trace")
    damages = damaged(live, random.Random(20_240_229))
    noticed = 0
    for _ in range(100):
        next(damages)
        copy = tmp_path / "copy"
        shutil.copytree(live.parent, copy)
        try:
            open_trace(copy)
        except TraceError as error:
            assert str(copy) in str(error)  # noqa: PT017
            noticed += 1
        shutil.rmtree(copy)
    assert 5 < noticed < 100


def test_an_unknown_record_is_damage(tmp_path: Path) -> None:
    spools = small_life()
    spools._record(b"\x63" + bytes(31))
    spools.write(tmp_path)
    with pytest.raises(CorruptTrace, match=f"in {tmp_path / LIVE} is damaged: .* kind 99"):
        open_trace(tmp_path)


@pytest.mark.parametrize("missing", ["start.json", "counters.bin"])
def test_a_recording_without_its_beginning(tmp_path: Path, missing: str) -> None:
    live = small_life().write(tmp_path)
    (live / missing).unlink()
    with pytest.raises(CorruptTrace, match=r"interrupted before anything|damaged"):
        open_trace(tmp_path)
