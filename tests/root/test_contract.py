"""What every engine promises: the same truth of the same programs, but for what it declares."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from aklo_trace.engine import Feature
from aklo_trace.engines import ENGINES as ALL
from aklo_trace.engines import engine_named
from aklo_trace.schema import ImageFlag
from aklo_trace.text import decode

from .recording import Call, Recorder, Recording, Row
from .test_conservation import assert_conserved

ENGINES = tuple(engine.name for engine in ALL)
COLUMNS = {
    Feature.SHELL_CODE: ("syscalls", "site_id"),
    Feature.FILE_IDENTITY: ("files", "dev"),
    Feature.CPU_TIME: ("processes", "utime_ns"),
    Feature.PEAK_MEMORY: ("processes", "max_rss_bytes"),
    Feature.RUN_DELAY: ("processes", "run_delay_ns"),
}
"""What is null throughout where an engine lacks it."""
ASKED_FOR_LINES = {"strace": ("--shell-lines",)}
"""Where shells say their lines if that is asked for."""
STATUS = 5
PIPE = "pipe"
PROCESS = ("proc_id", "parent_proc_id", "exit_status", "signal")
SCRIPT = """#!/bin/bash
inner() {
    /bin/true inner
    [[ -e /here/inner ]]
}
outer() {
    inner
    (/bin/true subshell)
    echo | /bin/true pipeline
}
outer
/bin/true top
: $([[ -e /here/substitution ]])
"""
PROGRAMS_AT = {
    "inner": (["main", "outer", "inner"], 3),
    "subshell": (["main", "outer"], 8),
    "pipeline": (["main", "outer"], 9),
    "top": (["main"], 12),
}
CALLS_AT = {"/here/inner": (["main", "outer", "inner"], 4), "/here/substitution": (["main"], 13)}


@dataclass(frozen=True)
class Truth:
    """What the program says of one of its calls. `ret` is None if it failed, `path` if there is no
    file; it is PIPE for a pipe."""

    name: str
    ret: int | None
    errno: int | None
    fd: int | None
    path: str | None


@pytest.fixture(scope="module")
def told(module_record: Recorder, workloads: Path) -> Recording:
    """The recording of tests/workloads/contract.c."""
    folder = module_record.folder / "contract-files"
    folder.mkdir()
    return module_record(workloads / "contract", folder, name="contract")


@pytest.fixture(scope="module")
def placed(module_record: Recorder) -> Recording:
    """The recording of a script that says nothing by itself."""
    script = module_record.folder / "script"
    script.write_text(SCRIPT)
    options = ASKED_FOR_LINES.get(module_record.engine, ())
    return module_record("bash", script, name="places", options=options)


def lines(recording: Recording, word: str) -> Iterator[list[str]]:
    for line in recording.stdout.splitlines():
        first, *others = line.split(" ")
        if first == word:
            yield others


def truths(recording: Recording) -> dict[int, list[Truth]]:
    """By process."""
    found: dict[int, list[Truth]] = {}
    for pid, name, ret, errno, fd, path in lines(recording, "call"):
        truth = Truth(
            name,
            int(ret) if errno == "0" else None,
            int(errno) or None,
            int(fd) if fd != "-1" else None,
            posixpath.normpath(path) if path != "-" else None,
        )
        found.setdefault(int(pid), []).append(truth)
    return found


def between_marks(recording: Recording, pid: int) -> list[Call]:
    found, within = [], False
    for call in recording.calls:
        if call.pid == pid and call.syscall == "access" and call.path in {"/begin", "/end"}:
            within = call.path == "/begin"
        elif call.pid == pid and within:
            found.append(call)
    return found


@pytest.fixture
def pairs(told: Recording) -> list[tuple[Truth, Call]]:
    return [
        pair
        for pid, expected in truths(told).items()
        for pair in zip(expected, between_marks(told, pid), strict=True)
    ]


def test_the_trace_is_complete_and_the_accounts_agree(told: Recording) -> None:
    assert told.status == told.meta.exit_status == STATUS
    assert told.meta.complete, told.meta.incomplete_reason
    assert told.meta.engine in ENGINES
    assert_conserved(told)


def test_every_call_is_there_in_its_order_with_its_result(
    pairs: list[tuple[Truth, Call]],
) -> None:
    """The descriptor of an open is its result."""
    seen = [
        (call.syscall, None if call.errno else call.ret, call.errno, call.fd) for _, call in pairs
    ]
    assert seen == [
        (truth.name, truth.ret, truth.errno, truth.ret if truth.name == "openat" else truth.fd)
        for truth, _ in pairs
    ]
    assert len(pairs) > 30


def test_paths_are_absolute(pairs: list[tuple[Truth, Call]]) -> None:
    """Of calls that name their file, also after the working directory changed."""
    named = [(truth.path, call.path) for truth, call in pairs if truth.fd is None and truth.path]
    assert [path and posixpath.normpath(path) for _, path in named] == [path for path, _ in named]
    assert len(named) > 10


def test_a_descriptor_is_the_file_that_it_is_then(
    told: Recording, pairs: list[tuple[Truth, Call]]
) -> None:
    """Through dup and dup2, a number that is used again, fork and exec; or, if so declared, none
    at all."""
    on_files = [(truth.path, file_of(call)) for truth, call in pairs if truth.fd is not None]
    if Feature.DESCRIPTOR_FILES in engine_named(told.meta.engine).lacks:
        assert {seen for _, seen in on_files} == {None}
    else:
        assert [seen for path, seen in on_files if path] == [path for path, _ in on_files if path]
    assert len(on_files) > 20


def file_of(call: Call) -> str | None:
    return PIPE if call.file.get("kind") == PIPE else call.path


def test_processes_end_as_their_parents_say(told: Recording) -> None:
    """By status or signal, and each is the child of the process that waited for it."""
    ids = {row["pid"]: row["proc_id"] for row in told.processes}
    said = [tuple(map(int, words)) for words in lines(told, "child")]
    expected = {
        (ids[pid], ids[ppid], none(status), none(signal)) for pid, ppid, status, signal in said
    }
    seen = {tuple(row[name] for name in PROCESS) for row in told.processes}
    (target,) = seen - expected
    assert target == (told.meta.target_proc_id, None, STATUS, None)
    assert expected < seen
    assert len(said) == len(told.processes) - 1


def none(number: int) -> int | None:
    return None if number == -1 else number


def test_programs_have_their_arguments(told: Recording) -> None:
    for pid, words in lines(told, "program"):
        image = image_of(told, int(pid))
        texts = [decode(bytes.fromhex(word)) for word in words.split(",")]
        assert image["argv"] == [text for text, _ in texts]
        assert bool(image["flags"] & ImageFlag.NOT_UTF8) == any(escaped for _, escaped in texts)
    first = image_of(told, told.process(int(next(lines(told, "child"))[1]))["pid"])
    assert first["argv"] == list(told.meta.argv)


def image_of(recording: Recording, pid: int) -> Row:
    (image,) = recording.images_of(recording.process(pid)["proc_id"])
    return image


def test_a_thread_calls_for_its_process(told: Recording) -> None:
    ((pid, tid),) = lines(told, "thread")
    call = told.call("access", "/in/a/thread")
    assert (call.pid, call.tid) == (int(pid), int(tid))
    assert call.proc_id == told.process(int(pid))["proc_id"]


def test_code_of_a_shell_is_named_or_nothing_is(placed: Recording) -> None:
    sites = {row["site_id"]: (row["stack"], row["line"]) for row in placed.rows("sites")}
    programs = {image["argv"][-1]: sites.get(image["site_id"]) for image in placed.images[1:]}
    calls = {call.path: sites.get(call.site_id) for call in placed.calls if call.path in CALLS_AT}
    if Feature.SHELL_CODE in engine_named(placed.meta.engine).lacks:
        assert set(programs.values()) == set(calls.values()) == {None}
    else:
        assert programs == PROGRAMS_AT
        assert calls == CALLS_AT
    assert programs.keys() == PROGRAMS_AT.keys()
    assert calls.keys() == CALLS_AT.keys()


@pytest.mark.parametrize("feature", COLUMNS)
def test_what_an_engine_lacks_is_null_and_what_it_has_is_not(
    told: Recording, placed: Recording, feature: Feature
) -> None:
    table, column = COLUMNS[feature]
    recording = placed if feature == Feature.SHELL_CODE else told
    filled = any(row[column] is not None for row in recording.rows(table))
    assert filled == (feature not in engine_named(recording.meta.engine).lacks)
