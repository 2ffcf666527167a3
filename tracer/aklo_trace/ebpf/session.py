"""The programs, loaded and attached, and the recording process that is forked from here."""

from __future__ import annotations

import json
import os
import platform
import signal
import struct
import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

from aklo_trace.ebpf import joining, layout, watching
from aklo_trace.ebpf.descriptors import allow_descriptors
from aklo_trace.ebpf.devices import packed
from aklo_trace.ebpf.function_probes import PROBED, FunctionProbes
from aklo_trace.ebpf.joining import JoinedProcess
from aklo_trace.ebpf.layout import ANY_USER
from aklo_trace.ebpf.libbpf import Object
from aklo_trace.ebpf.machine import BTF, object_path, possible_cpus
from aklo_trace.ebpf.recorder import Maps, Recorder
from aklo_trace.ebpf.ring import map_array
from aklo_trace.ebpf.shells import SHELLS_FILE, Binary, known_shells
from aklo_trace.ebpf.specs import specs
from aklo_trace.ebpf.timer import Timer
from aklo_trace.ebpf.watching import Roots
from aklo_trace.engine import CaptureOptions
from aklo_trace.errors import CaptureError, StoreError, remedy_at
from aklo_trace.open_files import OPEN_FILES_FILE, OpenFile, open_files, write_open_files

if TYPE_CHECKING:
    from aklo_trace.target import HeldTarget

REAL_TIME: Final = (os.SCHED_RR, os.SCHED_FIFO)
START_FILE: Final = "start.json"
END_FILE: Final = "end.json"
TARGET_PROC_ID: Final = 1
WAKING: Final = "on_waking"
FAULT: Final = 255
"""Exit status of a recorder that failed for another reason than an error of the system."""
RING_BYTES: Final = 8 << 20
ALL_RINGS_BYTES: Final = 64 << 20
"""By default each CPU's ring has the first size, but all of them no more than the second."""
STOP_TIMEOUT_SECONDS: Final = 20.0
STOP_PAUSE_SECONDS: Final = 0.001
SMALLEST_RECORD_RING: Final = 64 << 10


class RingSession(ABC):
    """Programs, loaded and attached by whatever means, that write into the rings of
    bpf/aklo_trace.h: nothing is traced yet."""

    attaches_at_start = False

    def __init__(self, options: CaptureOptions, shells: list[tuple[Binary, bytes]]) -> None:
        self._cpus = possible_cpus()
        allow_descriptors(self._cpus)
        ring_bytes = options.ring_bytes or min(RING_BYTES, ALL_RINGS_BYTES // self._cpus)
        self._ring_events = ring_bytes // layout.EVENT.size
        self._record_ring_bytes = record_ring_bytes(ring_bytes)
        self._shells = shells
        self._sample_hz = options.sample_hz
        self._attribution = options.attribution
        self._held: HeldTarget | None = None
        self._joined: list[JoinedProcess] = []
        self._open_files: list[OpenFile] = []

    @abstractmethod
    def close(self) -> None:
        """Let go of this process's hold."""

    @abstractmethod
    def _map_fd(self, name: str) -> int: ...

    @abstractmethod
    def _program_fds(self) -> list[int]: ...

    @abstractmethod
    def _set_control(self, control: bytes) -> None: ...

    @abstractmethod
    def _calls(self) -> Callable[[], bytes]:
        """Gives, without privilege, the events of the calls that are under way. Raises OSError."""

    @abstractmethod
    def _mark(self, held: HeldTarget) -> None:
        """See to it that the target is traced from its exec on. Raises OSError."""

    def track(self, held: HeldTarget) -> None:
        control = layout.CONTROL.pack(
            next_proc_id=TARGET_PROC_ID + 1,
            live_processes=1,
            live_tasks=1,
            shells=len(self._shells),
        )
        self._set_control(control)
        try:
            self._mark(held)
            self._under_way = self._calls()
        except OSError as error:
            raise CaptureError(
                f"The target (process {held.pid}) cannot be marked for tracing: {error.strerror}."
            ) from error
        self._held = held
        self._open_files = open_files(held.pid, kept_by_exec=True)
        self._precedence = _take_precedence()

    def start(self, live: Path, lock: int) -> EbpfRecording:
        del lock  # the forked recorder has it
        try:
            facts = start_facts(self._sample_hz, self._attribution, self._probed())
            _write_start(live, self._held, facts)
            joining.write(live, self._joined)
            write_open_files(live / OPEN_FILES_FILE, self._open_files)
            self.write_shells(live)
        except OSError as error:
            raise _cannot_begin(live, error.errno) from error
        commands, orders = os.pipe2(os.O_CLOEXEC)
        started, ready = os.pipe2(os.O_CLOEXEC)
        pid = os.fork()
        if pid == 0:
            os.close(orders)
            self._record(live, commands, ready)
        os.sched_setscheduler(0, *self._precedence)
        os.close(commands)
        os.close(ready)
        began = os.read(started, 1)
        os.close(started)
        self.close()
        if not began:
            _, status = os.waitpid(pid, 0)
            raise _cannot_begin(live, os.WEXITSTATUS(status))
        return EbpfRecording(pid, orders, live)

    def write_shells(self, live: Path) -> None:
        """What is known of shells from the start; the recorder adds to it. Raises OSError."""
        text = "".join(binary.as_json() + "\n" for binary, _ in self._shells)
        with os.fdopen(os.open(live / SHELLS_FILE, os.O_WRONLY | os.O_CREAT, 0o600), "w") as file:
            file.write(text)

    def _probed(self) -> dict[str, object] | None:
        """What the reader needs to know of probes, if there are any."""
        return None

    def _config(self, options: CaptureOptions, *, direct: bool) -> bytes:
        programs = options.filter.programs
        head = struct.pack(
            layout.CONFIG_FORMAT,
            layout.stamp(),
            self._ring_events,
            max(self._ring_events // 4, 1),
            self._record_ring_bytes // 4,
            direct,
            len(programs),
            options.attribution,
            _anonymous_device(),
            options.watch is not None,
            options.watch.uid if options.watch and options.watch.uid is not None else ANY_USER,
            options.off_cpu,
        )
        names = b"".join(name.ljust(layout.COMM_BYTES, b"\0") for name in programs)
        return (head + names).ljust(layout.CONFIG_BYTES, b"\0")

    def _maps(self) -> Maps:
        fd = self._map_fd
        return Maps(
            events=fd("events"),
            positions=fd("positions"),
            records=fd("records"),
            bell=fd("bell"),
            controls=fd("controls"),
            shells=fd("shells"),
            strangers=fd("strangers"),
            cpu_counters=fd("cpu_counters"),
            cpus=self._cpus,
            ring_events=self._ring_events,
            record_ring_bytes=self._record_ring_bytes,
        )

    def _missed_runs(self) -> int:
        """How often the kernel did not run a program, because it was running already. Source:
        bpf_prog_show_fdinfo() of the kernel."""
        texts = (Path(f"/proc/self/fdinfo/{fd}").read_text() for fd in self._program_fds())
        lines = (line.split() for text in texts for line in text.splitlines())
        return sum(int(words[1]) for words in lines if words[0] == "recursion_misses:")

    def _record(self, live: Path, commands: int, ready: int) -> None:
        """The recording process; never returns. It exits with the errno of what stopped it."""
        status = FAULT
        try:
            signal.pthread_sigmask(signal.SIG_SETMASK, signal.valid_signals())
            if self._held:
                self._held.leave()
            os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
            recorder = Recorder(self._maps(), live, self._under_way)
            os.write(ready, b"r")
            os.close(ready)
            recorder.run(commands, follows=self._held is not None)
            with suppress(OSError):
                _write_end(live, recorder.live_tasks, self._missed_runs())
            if recorder.error:
                raise recorder.error
            status = 0
        except OSError as error:
            status = error.errno or FAULT
        finally:
            os._exit(status)


class EbpfSession(RingSession):
    """Loaded by libbpf, in this process."""

    def __init__(self, options: CaptureOptions) -> None:
        super().__init__(options, known_shells(options.command, options.search_path))
        self._timer: Timer | None = None
        self._patterns = watching.packed(options.watch.names) if options.watch else []
        self._probes: FunctionProbes | None = None
        self._object = Object(object_path())
        try:
            self._load(options)
        except BaseException:  # else the programs would run on beside those of another engine
            self.close()
            raise

    def close(self) -> None:
        if self._timer:
            self._timer.close()
        if self._probes:
            self._probes.close()
        self._object.close()

    def _map_fd(self, name: str) -> int:
        return self._object.map_fd(name)

    def _program_fds(self) -> list[int]:
        return self._object.program_fds()

    def _calls(self) -> Callable[[], bytes]:
        return self._object.iterator("tell_calls").readall

    def _set_control(self, control: bytes) -> None:
        self._object.update("controls", struct.pack("=I", 0), control)

    def _mark(self, held: HeldTarget) -> None:
        mark = layout.TASK_MARK.pack(proc_id=TARGET_PROC_ID, armed=1)
        state = mark.ljust(layout.TASK_STATE_BYTES, b"\0")
        self._object.update("tasks", struct.pack("=i", held.pidfd), state)

    def join(self, pids: list[int]) -> list[JoinedProcess]:
        """Trace running processes, with their descendants, from now on. Returns all of them.
        Raises CaptureError."""
        control = layout.CONTROL.pack(next_proc_id=TARGET_PROC_ID, shells=len(self._shells))
        self._set_control(control)
        self._precedence = _take_precedence()
        self._joined = joining.join(self._object, pids)
        self._under_way = self._calls()
        self._open_files = list(joining.open_files_of(self._joined))
        for binary, fields in joining.unknown_programs(self._joined, self._shells):
            if len(self._shells) < layout.SHELLS:
                key = struct.pack("=I", len(self._shells))
                self._object.update("shells", key, fields)
                self._shells.append((binary, fields))
        fd = self._object.map_fd("controls")
        words = map_array(fd, layout.CONTROL.size, writable=True).cast("I")
        words[layout.CONTROL.offset("shells") // 4] = len(self._shells)
        return self._joined

    def watch(self) -> tuple[Maps, Roots, Callable[[], bytes]]:
        """Begin to trace programs of the names that are watched for, as they start; what is to be
        read, and what gives the events of the calls that are under way."""
        control = layout.CONTROL.pack(next_proc_id=TARGET_PROC_ID, shells=len(self._shells))
        self._set_control(control)
        self._object.fill("patterns", self._patterns)
        _take_precedence()
        fds = (self._map_fd(name) for name in ("trees", "tree_losses", "beginnings"))
        return self._maps(), Roots(*fds), self._calls()

    def _load(self, options: CaptureOptions) -> None:
        self._object.set_config(self._config(options, direct=_has_cast()))
        self._object.set_max_entries("events", self._ring_events * self._cpus)
        self._object.set_max_entries("positions", self._cpus)
        self._object.set_max_entries("cpu_counters", self._cpus)
        self._object.set_max_entries("records", self._record_ring_bytes)
        if options.watch:
            for name in ("trees", "tree_losses"):
                self._object.set_max_entries(name, layout.ROOTS)
            self._object.set_max_entries("beginnings", watching.BEGINNINGS_BYTES)
        self._object.leave_out(_superfluous(options))
        self._object.load()
        self._object.fill("specs", list(specs(platform.machine(), options.filter)))
        self._object.fill("shells", [fields for _, fields in self._shells])
        self._object.attach()
        if options.sample_hz:
            self._timer = Timer(self._object.program_fd("on_tick"), options.sample_hz)
        if options.function_calls:
            programs = {name: self._object.program_fd(name) for name in PROBED}
            self._probes = FunctionProbes(programs, [binary for binary, _ in self._shells])

    def _probed(self) -> dict[str, object] | None:
        return self._probes.told() if self._probes else None


class EbpfRecording:
    """A recorder at work, seen from the process that supervises the target."""

    def __init__(self, pid: int, orders: int, live: Path) -> None:
        self.pid = pid
        self._orders = orders
        self._live = live

    def stop(self) -> None:
        with suppress(BrokenPipeError):
            os.write(self._orders, b"q")
        with suppress(ProcessLookupError, PermissionError):
            os.kill(self.pid, signal.SIGCONT)  # somebody may have stopped it; what it missed counts
        status = _awaited(self.pid)
        os.close(self._orders)
        if status:
            raise _stopped(self._live, status)


def _superfluous(options: CaptureOptions) -> list[str]:
    """Programs that are not needed."""
    replaced = watching.REPLACED if options.watch else watching.PROGRAMS
    return [
        *replaced,
        *(() if options.joins else joining.PROGRAMS),
        *(() if options.function_calls else PROBED),
        *(() if options.off_cpu else (WAKING,)),
    ]


def _awaited(pid: int) -> int:
    """How a recorder ended that was told to; one that does not is killed."""
    deadline = time.monotonic() + STOP_TIMEOUT_SECONDS
    while time.monotonic() < deadline:
        ended, status = os.waitpid(pid, os.WNOHANG)
        if ended:
            return status
        time.sleep(STOP_PAUSE_SECONDS)
    os.kill(pid, signal.SIGKILL)
    return os.waitpid(pid, 0)[1]


def _take_precedence() -> tuple[int, os.sched_param]:
    """Run before all processes without real-time priority, where that is allowed, and return
    what was before. Who has such priority keeps it: an unprivileged process could not have it
    back. The recorder inherits it: in its fair share of a CPU that nine busy processes want it
    could not empty the rings in time, though it needs little."""
    before = os.sched_getscheduler(0), os.sched_getparam(0)
    if before[0] in REAL_TIME:
        return before
    with suppress(PermissionError):  # in a container, or a control group without such time
        os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(1))
    return before


def _cannot_begin(live: Path, error: int | None) -> CaptureError | StoreError:
    if not error or error == FAULT:
        return CaptureError(
            "The recording process ended before it began; the target did not start."
        )
    return StoreError(
        f"No trace can be recorded into {live.parent}: {os.strerror(error)}. The target did not "
        f"start. {remedy_at(OSError(error, ''))}"
    )


def _stopped(live: Path, status: int) -> CaptureError | StoreError:
    kept = "The target was left alone; what had been recorded by then is kept"
    error = os.WEXITSTATUS(status)
    if os.WIFSIGNALED(status):
        return CaptureError(
            f"The recording process was killed. {kept}, and what followed is not counted."
        )
    if error == FAULT:
        return CaptureError(f"The recording process failed. {kept}.")
    return StoreError(
        f"Recording into {live.parent} stopped: {os.strerror(error)}. {kept}, and the rest is "
        "counted as lost."
    )


def _write_start(live: Path, held: HeldTarget | None, facts: dict[str, object]) -> None:
    """What the reader needs besides the rings."""
    start = dict(facts)
    if held:
        start |= {"pid": held.pid, "ppid": os.getpid()}
        start["launcher_rss_bytes"] = _peak_rss_bytes(held.pid)
    write_json(live / START_FILE, start)


def start_facts(
    sample_hz: int, attribution: bool, function_calls: dict[str, object] | None = None
) -> dict[str, object]:
    """Of a recording without a target of its own. Above all there is the offset that turns the
    kernel's boot time into time since the epoch."""
    before = time.clock_gettime_ns(time.CLOCK_BOOTTIME)
    wall = time.clock_gettime_ns(time.CLOCK_REALTIME)
    after = time.clock_gettime_ns(time.CLOCK_BOOTTIME)
    return {
        "offset_ns": wall - (before + after) // 2,
        "machine": platform.machine(),
        "page_bytes": os.sysconf("SC_PAGE_SIZE"),
        "cpus": possible_cpus(),
        "sample_hz": sample_hz,
        "attribution": attribution,
        "function_calls": function_calls,
        "pid": 0,
        "ppid": 0,
        "launcher_rss_bytes": 0,
    }


def _write_end(live: Path, live_tasks: int, missed_runs: int) -> None:
    """What was still running, and what this recording process used, for the reader."""
    end: dict[str, object] = {
        "live_tasks": live_tasks,
        "missed_runs": missed_runs,
        "cpu_ns": time.process_time_ns(),
        "max_rss_bytes": _peak_rss_bytes(os.getpid()),
    }
    write_json(live / END_FILE, end)


def write_json(path: Path, value: object) -> None:
    """Into a new file. Raises OSError."""
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        json.dump(value, file)


def _peak_rss_bytes(pid: int) -> int:
    status = Path(f"/proc/{pid}/status").read_text()
    peak = next(line for line in status.splitlines() if line.startswith("VmHWM"))
    return int(peak.split()[1]) << 10


def record_ring_bytes(ring_bytes: int) -> int:
    """Half of an event ring; the kernel wants a power of two."""
    half = max(ring_bytes // 2, SMALLEST_RECORD_RING)
    return 1 << (half.bit_length() - 1)


def _anonymous_device() -> int:
    """Where files are that have no inode of their own, in the kernel's packing."""
    descriptor = os.eventfd(0, os.EFD_CLOEXEC)
    device = os.fstat(descriptor).st_dev
    os.close(descriptor)
    return packed(device)


def _has_cast() -> bool:
    """Whether the kernel has the function bpf_rdonly_cast (6.2 and later)."""
    return b"\0bpf_rdonly_cast\0" in BTF.read_bytes()
