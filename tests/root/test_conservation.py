"""No call is dropped in silence: attempts = read + lost + in flight, for each call."""

from __future__ import annotations

import subprocess
from collections import Counter
from pathlib import Path

import pytest

from aklo_trace.schema import SyscallFlag

from .recording import Recorder, Recording

ENGINES = ("ebpf", "bcc", "strace")
ALONE = True
"""Whether nothing is lost depends on what else the machine does."""
PROCESSES = 16
CALLS = {"ebpf": 62_500, "bcc": 62_500, "strace": 250}
"""Of each process: a million in all. strace is a hundred times slower."""


def storm(record: Recorder, workloads: Path, ring: str | None = None) -> Recording:
    calls = str(CALLS[record.engine])
    program = workloads / "getpid_storm"
    options = ("--ring-size", ring) if ring else ()
    return record(program, str(PROCESSES), calls, options=options, name=ring or "default")


def seen(recording: Recording) -> Counter[str]:
    names = recording.trace.table("syscalls", ["syscall"]).column("syscall")
    found = names.value_counts().to_pylist()
    return Counter({entry["values"]: entry["counts"] for entry in found})


def assert_conserved(recording: Recording) -> None:
    """The accounts of meta.json agree with one another and with the table."""
    meta = recording.meta
    read = seen(recording)
    in_flight = sum(meta.in_flight_by_syscall.values())
    assert meta.tables["syscalls"] == sum(read.values())
    assert meta.attempts == sum(read.values()) + meta.lost + in_flight
    assert meta.lost == sum(meta.lost_by_syscall.values())
    assert all(count > 0 for count in meta.in_flight_by_syscall.values())


@pytest.fixture(scope="module")
def whole(module_record: Recorder, workloads: Path) -> Recording:
    return storm(module_record, workloads)


@pytest.fixture(scope="module", params=["4K", "8K"])
def lossy(request: pytest.FixtureRequest, module_record: Recorder, workloads: Path) -> Recording:
    if module_record.engine == "strace":
        pytest.skip("with strace the program waits instead")
    return storm(module_record, workloads, request.param)


def test_all_calls_of_a_storm_are_seen_with_the_default_ring(whole: Recording) -> None:
    assert seen(whole)["getpid"] == PROCESSES * CALLS[whole.meta.engine]
    assert whole.meta.lost == 0
    assert whole.meta.loss == {}
    assert whole.meta.complete
    assert_conserved(whole)


def test_with_a_small_ring_seen_and_lost_are_a_million(lossy: Recording) -> None:
    lost = lossy.meta.lost_by_syscall["getpid"]
    assert lost > 0
    assert seen(lossy)["getpid"] + lost == PROCESSES * CALLS[lossy.meta.engine]


def test_loss_adds_up_by_cause_and_by_call(lossy: Recording) -> None:
    assert_conserved(lossy)
    assert lossy.meta.lost == lossy.meta.loss["event_ring_full"]


def test_a_lossy_trace_says_so_everywhere(lossy: Recording, module_record: Recorder) -> None:
    assert not lossy.meta.complete
    lost = f"{lossy.meta.lost:,}"
    assert lost in (lossy.meta.incomplete_reason or "")
    for verb in ("info", "report"):
        shown = module_record.run(verb, lossy.directory)
        assert shown.returncode == 0
        assert lost in shown.stdout
    assert "incomplete" in module_record.run("report", lossy.directory).stdout.lower()


def test_a_call_under_way_at_the_end_is_in_the_trace(record: Recorder, workloads: Path) -> None:
    """A daemon is left behind within its read(2)."""
    process = record.start(workloads / "family", "daemon", stdin=subprocess.PIPE)
    with process:  # which closes the daemon's input in the end
        recording = record.ended(process)
    (daemon,) = recording.said["daemon"]
    last = [call for call in recording.calls if call.pid == daemon][-1]
    assert (last.syscall, last.fd, last.ret, last.dur_ns) == ("read", 0, None, None)
    assert last.flags & SyscallFlag.UNFINISHED
    assert recording.meta.in_flight_by_syscall == {}
    assert_conserved(recording)
