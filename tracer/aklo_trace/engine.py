"""The seam between the command line and the engines that capture.

An engine is used in this order, and the order is what keeps privilege short:

    engine.probe()                  can it run here, and if not, why and what to do
    session = engine.load(options)  with privilege: probes go in, nothing is traced yet
    session.track(held)             with privilege: the held target is marked
    -- the process gives up every privilege here --
    recording = session.start(live) the recorder begins to write below the directory `live`
    held.release()                  the target starts
    recording.stop()                the recorder drains, writes its accounts and ends

What a recording leaves in `live` is turned into tables by ``engine.read(live)``, at once or
later, by this process or another: a recorder that was killed leaves the same directory.
"""

from __future__ import annotations

import platform
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol

from aklo_trace.filter import Filter
from aklo_trace.meta import MEASURED

if TYPE_CHECKING:  # numpy stays out of the recording process
    from aklo_trace.events import EventBatch
    from aklo_trace.target import HeldTarget


SAMPLE_HZ: Final = 99
"""Not a divisor of what programs do at round rates."""


MOST_JOINED: Final = 4096
"""Running processes that can be asked for at once."""


@dataclass(frozen=True, slots=True)
class Capability:
    """Whether an engine can run here. `reason` is one sentence that says why or why not;
    `fix` says what would make it usable, and is empty when nothing is needed."""

    usable: bool
    reason: str
    fix: str = ""


BUILD: Final = "run 'make setup' in a clone, or install a wheel for this machine"
"""Where parts of an engine that are compiled, or copied, are missing or do not fit."""


def older_kernel(needed: tuple[int, int]) -> Capability | None:
    """Why the running kernel is too old; None if it is not."""
    release = platform.release()
    version = tuple(int(part) for part in release.split("-")[0].split(".")[:2])
    if version >= needed:
        return None
    reason = f"kernel {release} is older than {'.'.join(map(str, needed))}"
    return Capability(False, reason, "run a newer kernel, or use strace")


class Feature(StrEnum):
    """What not every engine can give. Where data is missing, columns are null."""

    SHELL_CODE = "functions and lines of shells"
    FILE_IDENTITY = "device and inode of files"
    DESCRIPTOR_FILES = "files behind descriptors"
    WHOLE_ARGUMENTS = "long arguments of programs"
    INTERPRETERS = "interpreters of scripts"
    HOST_PIDS = "pids of the initial pid namespace"
    LAST_RESULTS = "results of calls that the end of their thread interrupts"
    CPU_TIME = "CPU time of processes"
    PEAK_MEMORY = "peak memory of processes"
    RUN_DELAY = "time that processes waited for a CPU"
    OFF_CPU = "when threads had no CPU and who woke them"
    PROGRAM_FILTER = "the option --programs"
    ATTACH = "tracing what runs already"
    HIDING = "hiding from programs that they are traced"
    SETUID = "the privilege of setuid programs unless root traces without sudo"


@dataclass(frozen=True, slots=True)
class Watch:
    """Which programs are traced when they start: those with one of these base names, in which *
    stands for any characters and ? for one; of all users, or of the one with this uid."""

    names: tuple[str, ...]
    uid: int | None


@dataclass(frozen=True, slots=True)
class CaptureOptions:
    """What the command line decides for a recording. `ring_bytes` is the memory for events,
    per CPU; None leaves it to the engine. `command` is the program that will be traced and
    `search_path` its PATH: the shells among them are got ready for. `sample_hz` is how often a
    timer looks at what runs; 0 for never. `attribution`: whether shells are asked where they
    are in their code; `shell_lines` names the file by which they are asked to say so, if they
    are. `joins`: what will be traced is running already. `watch`: what will be traced starts
    some time. `function_calls`: whether every call of a shell's functions is recorded. `off_cpu`:
    whether it is recorded when threads had no CPU, and who woke them."""

    ring_bytes: int | None = None
    filter: Filter = field(default_factory=Filter)
    command: str = ""
    search_path: str = ""
    sample_hz: int = SAMPLE_HZ
    attribution: bool = True
    shell_lines: str = ""
    joins: bool = False
    watch: Watch | None = None
    function_calls: bool = False
    off_cpu: bool = True


@dataclass(frozen=True, slots=True)
class Account:
    """What became of the calls that were attempted: attempts = read + lost + in flight.

    `lost` is by cause, `lost_by_syscall` and `in_flight_by_syscall` by name of the call.
    `notes` are sentences about what the recording could not see. `clock_offset_ns` was added
    to the engine's clock to make it time since the epoch. `recorder_cpu_ns` and
    `recorder_max_rss_bytes` are what the recording process itself used, where that is known.
    `missing` says in words what else the recording lacks, `timing` and `attribution` are
    as in `Meta`.
    """

    attempts: int
    read: int
    lost: dict[str, int]
    lost_by_syscall: dict[str, int]
    in_flight_by_syscall: dict[str, int]
    notes: tuple[str, ...] = ()
    clock_offset_ns: int | None = None
    recorder_cpu_ns: int | None = None
    recorder_max_rss_bytes: int | None = None
    missing: tuple[str, ...] = ()
    timing: str = MEASURED
    attribution: str | None = None


class Recorded(Protocol):
    """What a recording left behind, being read."""

    def batches(self) -> Iterator[EventBatch]:
        """The events in batches of bounded size."""

    def account(self) -> Account:
        """The accounts; complete once `batches` is exhausted."""


class Recording(Protocol):
    """A recorder at work."""

    @property
    def pid(self) -> int:
        """The process that records."""

    def stop(self) -> None:
        """End the recording in order. Raises CaptureError if the recorder had died."""


class Session(Protocol):
    """Probes that are in place. `attaches_at_start`: they are not yet, and `start` needs the
    privilege that the target has."""

    attaches_at_start: bool

    def track(self, held: HeldTarget) -> None:
        """Mark the held target, so that it is traced from its exec on."""

    def start(self, live: Path, lock: int) -> Recording:
        """Begin to record into the empty directory `live`. The recorder keeps the descriptor
        `lock` open as long as it lives."""

    def close(self) -> None:
        """Take the probes out, if no recording was started."""


class CaptureEngine(Protocol):
    """One way to capture."""

    name: str
    lacks: frozenset[Feature]

    def probe(self) -> Capability: ...

    def load(self, options: CaptureOptions) -> Session: ...

    def read(self, live: Path) -> Recorded: ...
