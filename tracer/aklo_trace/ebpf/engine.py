"""The engine `ebpf`, as the command line sees it."""

from __future__ import annotations

import json
import os
import platform
import signal
import struct
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

from aklo_trace.ebpf import layout
from aklo_trace.ebpf.libbpf import LIBRARY, Object, library, possible_cpus
from aklo_trace.ebpf.recorder import Recorder
from aklo_trace.ebpf.ring import EventRing, RecordRing
from aklo_trace.engine import Capability, CaptureOptions, Recorded
from aklo_trace.errors import CaptureError, StoreError
from aklo_trace.filter import Filter
from aklo_trace.syscalls import NONE, PathArgument, Syscall, by_number

if TYPE_CHECKING:
    from aklo_trace.target import HeldTarget

KERNEL_NEEDED: Final = (5, 17)
BTF: Final = Path("/sys/kernel/btf/vmlinux")
CAP_PERFMON, CAP_BPF, CAP_SYS_ADMIN = 38, 39, 21
START_FILE: Final = "start.json"
ERROR_FILE: Final = "error.json"
TARGET_PROC_ID: Final = 1
COMPAT_MACHINE: Final = {"x86_64": "i386"}
"""The machine whose numbers 32-bit calls have; arm's own are not in the table."""


def object_path() -> Path:
    return Path(__file__).with_name(f"aklo_trace.{platform.machine()}.bpf.o")


class EbpfEngine:
    """Tracepoint programs loaded by libbpf; no compiler or headers at run time."""

    name = "ebpf"

    def probe(self) -> Capability:
        for missing in (_missing_kernel, _missing_library, _missing_object, _missing_privilege):
            capability = missing()
            if capability:
                return capability
        return Capability(True, "root, BTF and libbpf are here")

    def load(self, options: CaptureOptions) -> EbpfSession:
        return EbpfSession(options)

    def read(self, live: Path) -> Recorded:
        from aklo_trace.ebpf.reading import EbpfRecorded

        return EbpfRecorded(live)


def _missing_kernel() -> Capability | None:
    release = platform.release()
    version = tuple(int(part) for part in release.split("-")[0].split(".")[:2])
    if version < KERNEL_NEEDED:
        return Capability(
            False, f"kernel {release} is older than 5.17", "run a newer kernel, or use strace"
        )
    if not BTF.exists():
        return Capability(
            False,
            f"the kernel gives no type information ({BTF} is missing)",
            "run a kernel built with CONFIG_DEBUG_INFO_BTF, as the distributions' are",
        )
    return None


def _missing_library() -> Capability | None:
    try:
        library()
    except (OSError, AttributeError):
        return Capability(
            False,
            f"{LIBRARY} is not installed",
            "install libbpf1 (Debian, Ubuntu) or libbpf (Fedora)",
        )
    return None


def _missing_object() -> Capability | None:
    if object_path().exists():
        return None
    return Capability(
        False,
        f"there is no BPF object for {platform.machine()}",
        "run 'make setup' in a clone, or install a wheel for this machine",
    )


def _missing_privilege() -> Capability | None:
    status = Path("/proc/self/status").read_text()
    effective = int(
        next(line for line in status.splitlines() if line.startswith("CapEff")).split()[1], 16
    )
    has_both = effective >> CAP_BPF & 1 and effective >> CAP_PERFMON & 1
    if has_both or effective >> CAP_SYS_ADMIN & 1:
        return None
    return Capability(
        False, "it needs root (or the capabilities BPF and PERFMON)", "put sudo before the command"
    )


class EbpfSession:
    """The programs, loaded and attached: nothing is traced yet."""

    def __init__(self, options: CaptureOptions) -> None:
        self._options = options
        self._cpus = possible_cpus()
        self._object = Object(object_path())
        try:
            self._object.set_config(_config(options))
            self._object.set_max_entries("events", options.ring_bytes)
            self._object.set_max_entries("records", options.record_ring_bytes)
            self._object.set_max_entries("cpu_counters", self._cpus)
            self._object.load()
            self._write_specs()
            self._object.attach()
        except CaptureError:
            self._object.close()
            raise

    def track(self, held: HeldTarget) -> None:
        control = layout.CONTROL.pack(next_proc_id=TARGET_PROC_ID + 1, live_processes=1)
        self._object.update("controls", struct.pack("=I", 0), control)
        mark = layout.TASK_MARK.pack(proc_id=TARGET_PROC_ID, armed=1)
        state = mark + bytes(layout.TASK_STATE_BYTES - len(mark))
        try:
            self._object.update("tasks", struct.pack("=i", held.pidfd), state)
        except OSError as error:
            raise CaptureError(
                f"The target (process {held.pid}) cannot be marked for tracing: {error.strerror}."
            ) from error
        self._held = held

    def start(self, live: Path) -> EbpfRecording:
        _write_start(live, self._held)
        commands, orders = os.pipe2(os.O_CLOEXEC)
        started, ready = os.pipe2(os.O_CLOEXEC)
        pid = os.fork()
        if pid == 0:
            self._record(live, commands, ready, orders)
        os.close(commands)
        os.close(ready)
        began = os.read(started, 1)
        os.close(started)
        self.close()
        if not began:
            os.waitpid(pid, 0)
            raise _recorder_error(live)
        return EbpfRecording(pid, orders, live)

    def close(self) -> None:
        self._object.close()

    def _write_specs(self) -> None:
        machine = platform.machine()
        machines = {0: machine, layout.COMPAT_SLOT: COMPAT_MACHINE.get(machine)}
        unknown = _spec_of_unknown(self._options.filter)
        for first, name in machines.items():
            calls = by_number(name) if name else {}
            for number in range(layout.COMPAT_SLOT):
                call = calls.get(number)
                spec = spec_of(call, self._options.filter) if call else unknown
                self._object.update("specs", struct.pack("=I", first + number), spec)

    def _record(self, live: Path, commands: int, ready: int, orders: int) -> None:
        """The recording process; never returns."""
        status = 1
        try:
            signal.pthread_sigmask(signal.SIG_SETMASK, signal.valid_signals())
            fds = [
                self._object.map_fd(name)
                for name in ("events", "records", "controls", "cpu_counters")
            ]
            os.close(orders)
            self._held.leave()
            os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
            recorder = Recorder(
                EventRing(fds[0], self._options.ring_bytes),
                RecordRing(fds[1], self._options.record_ring_bytes),
                fds[2],
                fds[3],
                self._cpus,
                live,
            )
            os.write(ready, b"r")
            os.close(ready)
            recorder.run(commands)
            if recorder.error:
                raise recorder.error
            status = 0
        except OSError as error:
            with suppress(OSError):
                text = json.dumps({"errno": error.errno, "error": os.strerror(error.errno or 0)})
                (live / ERROR_FILE).write_text(text)
        finally:
            os._exit(status)


class EbpfRecording:
    """A recorder at work, seen from the process that supervises the target."""

    def __init__(self, pid: int, orders: int, live: Path) -> None:
        self.pid = pid
        self._orders = orders
        self._live = live

    def stop(self) -> None:
        with suppress(BrokenPipeError):
            os.write(self._orders, b"q")
        _, status = os.waitpid(self.pid, 0)
        os.close(self._orders)
        if status:
            raise _recorder_error(self._live)


def _recorder_error(live: Path) -> CaptureError | StoreError:
    try:
        found = json.loads((live / ERROR_FILE).read_text())
    except (OSError, ValueError):
        return CaptureError(
            "The recording process was killed. The target was left alone; what had been recorded "
            "by then is kept."
        )
    return StoreError(
        f"Recording into {live.parent} stopped: {found['error']}. The target was left alone; "
        "what had been recorded by then is kept, and the rest is counted as lost."
    )


def _write_start(live: Path, held: HeldTarget) -> None:
    """What the reader needs besides the rings: above all the offset that turns the kernel's
    boot time into time since the epoch."""
    before = time.clock_gettime_ns(time.CLOCK_BOOTTIME)
    wall = time.clock_gettime_ns(time.CLOCK_REALTIME)
    after = time.clock_gettime_ns(time.CLOCK_BOOTTIME)
    start = {
        "offset_ns": wall - (before + after) // 2,
        "machine": platform.machine(),
        "page_bytes": os.sysconf("SC_PAGE_SIZE"),
        "cpus": possible_cpus(),
        "pid": held.pid,
        "ppid": os.getpid(),
    }
    (live / START_FILE).write_text(json.dumps(start))


def _config(options: CaptureOptions) -> bytes:
    programs = options.filter.programs
    names = b"".join(name.ljust(layout.COMM_BYTES, b"\0") for name in programs)
    head = struct.pack("=IIII", options.ring_bytes // 4, len(programs), has_cast(), 0)
    return (head + names).ljust(layout.CONFIG_BYTES, b"\0")


def _argument(path: PathArgument | None) -> tuple[int, int]:
    return (path.index, path.dirfd) if path else (NONE, NONE)


def spec_of(call: Syscall, chosen: Filter) -> bytes:
    """The row of the kernel's table for one call."""
    flags = layout.SPEC_RECORD if chosen.records(call) else 0
    flags |= layout.SPEC_ALWAYS if chosen.always(call) else 0
    flags |= layout.SPEC_RETURNS_FD if call.returns == "fd" else 0
    flags |= layout.SPEC_FILE_POSITION if call.at_position else 0
    flags |= layout.SPEC_EXEC if call.operation == "exec" else 0
    (path0, dirfd0), (path1, dirfd1) = _argument(call.path), _argument(call.path2)
    return layout.SYSCALL_SPEC.pack(
        flags=flags,
        fd=call.fd,
        fd2=call.fd2,
        path0=path0,
        path1=path1,
        dirfd0=dirfd0,
        dirfd1=dirfd1,
        offset=call.offset,
    )


def _spec_of_unknown(chosen: Filter) -> bytes:
    flags = layout.SPEC_RECORD if chosen.wanted is None else 0
    fields = dict.fromkeys(("fd", "fd2", "path0", "path1", "dirfd0", "dirfd1", "offset"), NONE)
    return layout.SYSCALL_SPEC.pack(flags=flags, **fields)


def has_cast() -> bool:
    """Whether the kernel has the function bpf_rdonly_cast (6.2 and later)."""
    return b"\0bpf_rdonly_cast\0" in BTF.read_bytes()
