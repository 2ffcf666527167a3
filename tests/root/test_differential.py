"""Two engines that share nothing below the tables must tell the same of the same program."""

from __future__ import annotations

import posixpath
from collections import Counter
from pathlib import Path

import pytest

from aklo_trace.engine import CaptureEngine, Feature
from aklo_trace.engines import engine_named
from aklo_trace.strace.engine import StraceEngine

from .recording import Recorder, Recording, environment

ENGINES = ("ebpf", "bcc")

SCRIPT = r"""
mkdir made; cd made
printf '%s\n' one two three > words
while read -r word; do [ -e "$word" ] || echo "$word"; done < words > absent
cat words absent | sort | uniq -c > counted
(cd /; ls . > /dev/null)
for n in 1 2 3; do /bin/true; done
value=$(tail -n 1 words); mv absent "$value"; ln -s "$value" linked; cat linked
rm -r ../made
"""
WORKLOADS = {
    "shell": ("bash", "-c", SCRIPT),
    "one program": ("cp", "/etc/hosts", "copied"),
    "a failing program": ("ls", "/nonexistent", "/etc/hosts"),
}

UNPREDICTABLE = {"wait4", "rt_sigreturn", "rt_sigprocmask", "rt_sigaction", "brk", "mmap", "munmap"}
"""Calls whose number depends on when a child ended or on how memory was laid out."""
RESTARTED = range(512, 517)
"""Neither counts; nor does what is read from a pipe, which takes what happens to be there."""


def counts(recording: Recording, knows_pipes: bool) -> Counter[tuple[str, int | None]]:
    """How often each call ended in each way."""
    return Counter(
        (call.syscall, call.errno)
        for call in recording.calls
        if call.syscall not in UNPREDICTABLE
        and call.errno not in RESTARTED
        and not (
            call.syscall in {"read", "write"}
            and (not knows_pipes or call.file.get("kind") == "pipe")
        )
    )


def opened(recording: Recording) -> Counter[tuple[str | None, bool]]:
    """The paths that were opened, and whether that succeeded."""
    return Counter(
        (call.path, call.errno is None) for call in recording.calls_of("openat", "open", "creat")
    )


def looked_up(recording: Recording) -> set[str | None]:
    return {call.path for call in recording.calls_of("access", "execve", "readlink")}


def programs(recording: Recording) -> Counter[tuple[str | None, tuple[str, ...]]]:
    return Counter((image["exe"], tuple(image["argv"])) for image in recording.images)


@pytest.fixture(params=sorted(WORKLOADS))
def both(
    request: pytest.FixtureRequest, capturing: CaptureEngine, tmp_path: Path
) -> tuple[Recording, Recording]:
    """The same program recorded by each engine, in a folder of the same name."""
    strace = StraceEngine()
    capability = strace.probe()
    if not capability.usable:
        pytest.skip(capability.reason)
    found = []
    for engine in (capturing, strace):
        place = tmp_path / engine.name
        work = tmp_path / "work"
        place.mkdir()
        work.mkdir()
        record = Recorder(engine.name, place, environment(place))
        found.append(record(*WORKLOADS[request.param], cwd=work, fails=True))
        work.rename(place / "work")
    return found[0], found[1]


def test_engines_agree_on_the_counts_by_call_and_errno(both: tuple[Recording, Recording]) -> None:
    knows_pipes = Feature.FILE_IDENTITY not in engine_named(both[0].meta.engine).lacks
    ours, strace = (counts(recording, knows_pipes) for recording in both)
    assert ours == strace
    assert sum(ours.values()) > 50


def test_engines_agree_on_the_paths_that_were_opened(both: tuple[Recording, Recording]) -> None:
    ebpf, strace = both
    assert opened(ebpf) == opened(strace)
    assert any(path and path.startswith("/") for path, _ in opened(ebpf))


def test_engines_agree_on_the_paths_that_were_looked_up(
    both: tuple[Recording, Recording],
) -> None:
    ebpf, strace = ({path for path in map(tidy, looked_up(r)) if path} for r in both)
    assert ebpf == strace


def tidy(path: str | None) -> str | None:
    """One engine may know a directory by a longer name than the other."""
    return path and posixpath.normpath(path)


def test_engines_agree_on_programs_and_processes(both: tuple[Recording, Recording]) -> None:
    ebpf, strace = both
    assert programs(ebpf) == programs(strace)
    assert len(ebpf.processes) == len(strace.processes)
    ends = [Counter((p["exit_status"], p["signal"]) for p in r.processes) for r in both]
    assert ends[0] == ends[1]
