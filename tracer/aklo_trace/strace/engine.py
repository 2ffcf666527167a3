"""The engine `strace`, as the command line sees it.

For users without root, and kernels where BPF cannot run. What strace cannot hide: the target
can see that it is traced (`TracerPid`, and a ptrace of its own fails), a setuid program that it
runs does not gain its privilege unless root traces, and every call costs two context switches.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from aklo_trace.engine import Capability, CaptureOptions, Feature, Recorded
from aklo_trace.errors import UsageError

if TYPE_CHECKING:  # it is not needed where another engine records
    from aklo_trace.strace.session import StraceSession


class StraceEngine:
    """Runs strace and reads its output."""

    name = "strace"
    lacks = frozenset(Feature) - {Feature.SHELL_CODE, Feature.DESCRIPTOR_FILES}

    def probe(self) -> Capability:
        from aklo_trace.strace.capture import probe

        return probe()

    def load(self, options: CaptureOptions) -> StraceSession:
        from aklo_trace.strace.session import StraceSession

        if options.filter.programs:
            raise UsageError("--programs: strace cannot leave out processes; the engine ebpf can.")
        calls = options.filter.calls()
        if options.shell_lines and calls is not None and "write" not in calls:
            raise UsageError(
                "--shell-lines: shells say where they are by write; --syscalls omits it."
            )
        if options.function_calls:
            raise UsageError("--function-calls: strace sees no functions; the engine ebpf does.")
        return StraceSession(options)

    def read(self, live: Path) -> Recorded:
        from aklo_trace.strace.recorded import StraceRecorded
        from aklo_trace.strace.scribe import Unwritten
        from aklo_trace.strace.session import LOG_FILE, START_FILE, UNWRITTEN_FILE, forget
        from aklo_trace.strace.sources import LogSource

        start = json.loads((live / START_FILE).read_text())
        forget(start["shell_lines"])
        return StraceRecorded(
            [LogSource(live / LOG_FILE)],
            skip_until_exec_of=start["pid"],
            unwritten=Unwritten.read(live / UNWRITTEN_FILE),
            shell_lines=Path(start["shell_lines"]) if start["shell_lines"] else None,
        )
