"""The functions for programs: record, report one's own operations, and ask what was found.

Times are in milliseconds where a name says so, else in nanoseconds since the Unix epoch. Every
function raises subclasses of `aklo_trace.errors.AkloTraceError`, whose text is one paragraph that
says what is wrong and what to do. They act as the user that this process is, whose configuration
and stores count (see docs/configuration.md). The analysis is imported only when it is needed.
"""

from __future__ import annotations

import io
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Collection, Sequence
from pathlib import Path
from types import TracebackType
from typing import IO, TYPE_CHECKING, Any, Final

from aklo_trace import PROGRAM, location, meta, ongoing, tracked
from aklo_trace.contents import KEYS, SECTIONS
from aklo_trace.errors import CaptureError, StoreError, UsageError
from aklo_trace.identity import invoking
from aklo_trace.places import Asker
from aklo_trace.store import Trace, open_trace

if TYPE_CHECKING:
    from aklo_analysis.alerts.alert import Alert

PATIENCE_S: Final = 60.0
"""How long probes may take to be put in."""
PAUSE_S: Final = 0.005
QUIET: Final = ("--quiet", "--format", "none")
FORCE: Final = "--force"
NOT_RECORDED: Final = "Nothing was recorded in {}: aklo-trace has said why on standard error."
Begun = tuple[int, int] | None

_sessions: list[Monitoring] = []
"""Those of this process that have not ended, the last one last."""


class Monitoring:
    """A recording that this process has begun. As a context manager it ends with the block: one
    of a command when the command has ended, one of a process at once; if the block raises, at
    once too."""

    def __init__(self, directory: Path, tracer: subprocess.Popen[bytes], said: IO[bytes] | None):
        self.directory: Final = directory
        self._tracer = tracer
        self._said = said
        _sessions.append(self)

    @property
    def is_running(self) -> bool:
        return self._tracer.poll() is None

    @property
    def exit_status(self) -> int | None:
        """That of the command, 128 + n after signal n; None while it runs, and of a process that
        was attached to."""
        return None if self._said else self._tracer.poll()

    @property
    def trace(self) -> Trace:
        """What was recorded: its `meta`, and its tables as `pyarrow.Table`, by `table(name)`. Waits
        for the end of the recording. Raises CaptureError."""
        self.wait()
        return open_trace(self.directory)

    def wait(self, timeout_s: float | None = None) -> None:
        """Until the recording has ended and its tables are made. Raises CaptureError if it failed,
        and TimeoutError."""
        try:
            status = self._tracer.wait(timeout_s)
        except subprocess.TimeoutExpired:
            raise TimeoutError(f"{self.directory} is still being recorded") from None
        if self in _sessions:
            _sessions.remove(self)
        if self._said and status:
            raise CaptureError(_text(self._said) or f"The tracer ended with status {status}.")
        if not self.directory.is_dir():
            raise CaptureError(NOT_RECORDED.format(self.directory))

    def stop(self) -> None:
        """End the recording now. A process that was attached to runs on; a command is asked to end,
        by SIGTERM. Raises CaptureError."""
        if self.is_running:
            self._tracer.send_signal(signal.SIGINT if self._said else signal.SIGTERM)
        self.wait()

    def report(self, format: str = "text", **options: Any) -> str:
        """As `generate_io_report` gives it, of this trace."""
        self.wait()
        return generate_io_report(self.directory, format, **options)

    def __enter__(self) -> Monitoring:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if kind is not None or self._said:
            self.stop()
        else:
            self.wait()


def start_io_monitoring(
    pid: int | None = None,
    command: Sequence[str | os.PathLike[str]] | None = None,
    *,
    output: str | os.PathLike[str] | None = None,
    engine: str = "auto",
    options: Sequence[str] = (),
    stdout: int | IO[Any] | None = None,
    stderr: int | IO[Any] | None = None,
) -> Monitoring:
    """Begin to record: a `command`, which is started, or the process `pid` with its descendants; of
    the two at most one. Without either it is this process.

    `output` is the directory of the trace, else one in the store. `engine` as for ``--engine``, of
    a command; `options` are further ones of ``aklo-trace record`` or ``attach``. `stdout` and
    `stderr` are the command's, as `subprocess.Popen` takes them. A process can be attached to by
    root, or with the capabilities BPF and PERFMON. When this returns it is being recorded.

    Raises UsageError, StoreError, or CaptureError if it cannot be recorded, or not started.

    >>> with start_io_monitoring(command=["ls", "/"], engine="strace", stdout=-3) as session:
    ...     track_io_operation("thought", "of something else", 12.5)
    >>> session.exit_status
    0
    >>> session.trace.meta.argv
    ('ls', '/')
    """
    if pid is not None and command is not None:
        raise UsageError("Either a process can be recorded or a command, not both.")
    words = [os.fspath(word) for word in command or ()]
    if command is not None and not words:
        raise UsageError("There is no command to record: the list is empty.")
    place = Path(output) if output is not None else _new_trace(words or [f"pid-{pid or 'self'}"])
    if os.path.lexists(place) and FORCE not in options:
        raise StoreError(
            f"{place} exists already. Give another output, or {FORCE} among the options to replace "
            "a trace that is there."
        )
    given, before = (*QUIET, "-o", str(place.absolute()), *options), _begun(place)
    if words:
        arguments = [*PROGRAM, "record", "--engine", engine, *given, "--", *words]
        session = Monitoring(place, _started(arguments, stdout, stderr), None)
    else:
        said = tempfile.TemporaryFile()  # noqa: SIM115 - it lives as long as the recording
        target = os.getpid() if pid is None else pid
        arguments = [*PROGRAM, "attach", "-p", str(target), *given]
        session = Monitoring(place, _started(arguments, subprocess.DEVNULL, said), said)
    _await_recording(session, before)
    return session


def _new_trace(argv: Sequence[str]) -> Path:
    from datetime import datetime

    return location.new_trace(_asker().stores()[0], argv, datetime.now().astimezone())


def _started(
    arguments: Sequence[str], stdout: int | IO[Any] | None, stderr: int | IO[Any] | None
) -> subprocess.Popen[bytes]:
    return subprocess.Popen(arguments, stdout=stdout, stderr=stderr)


def _await_recording(session: Monitoring, before: Begun) -> None:
    """Until there is a trace, another than `before`: from then on what is to be recorded is. Raises
    CaptureError."""
    deadline = time.monotonic() + PATIENCE_S
    while _begun(session.directory) in (None, before):
        if not session.is_running or time.monotonic() > deadline:
            session.stop()
            break
        time.sleep(PAUSE_S)
    if _begun(session.directory) in (None, before):
        raise CaptureError(NOT_RECORDED.format(session.directory))


def _begun(directory: Path) -> Begun:
    """What tells the trace that is there from one that replaces it; None if there is none."""
    try:
        found = (directory / meta.FILE).stat()
    except OSError:
        return None
    return found.st_ino, found.st_ctime_ns


def _text(said: IO[bytes]) -> str:
    said.seek(0)
    text = said.read().decode("utf-8", "backslashreplace").strip()
    return text.removeprefix("aklo-trace: ")


def _asker() -> Asker:
    return Asker.here(invoking())


def _directory(trace: str | os.PathLike[str], asker: Asker) -> Path:
    return location.find(os.fspath(trace), asker.stores())


def track_io_operation(
    operation: str,
    target: str = "",
    duration_ms: float | None = None,
    status: str = "ok",
    details: str = "",
    *,
    trace: str | os.PathLike[str] | None = None,
) -> None:
    """Add an operation of the caller's own, which has just ended, to a trace: to `trace`, a path or
    a name that ``aklo-trace list`` shows; else to that of the last `start_io_monitoring` of this
    process; else to the one that is being recorded of it. Reports show it beside the system calls,
    and the table `tracked` has it.

    `duration_ms` is in milliseconds, None if it is not known. `status` of an operation that did not
    fail is ok, 0, success, done, true, hit, or empty. Of `operation` and `status` 100 bytes are
    kept, of `target` and `details` 4,096. Many threads and processes may report at once. The same
    from a shell is ``aklo-trace track OPERATION TARGET MS STATUS DETAILS``.

    Raises UsageError for a duration that is none, TraceError if there is no such trace, and
    StoreError if nothing can be added to it.

    >>> track_io_operation("parse", "protocol.xml", 12.5, trace="latest")
    """
    made = tracked.made(operation, target, duration_ms, status, details, pid=os.getpid())
    if trace is None and _sessions:
        directory = _sessions[-1].directory
    else:
        asker = _asker()
        directory = ongoing.own(asker.stores()) if trace is None else _directory(trace, asker)
    tracked.add(directory, [made])


def generate_io_report(
    trace: str | os.PathLike[str] = location.LATEST,
    format: str = "text",
    *,
    top: int | None = None,
    sections: Sequence[str] = (),
    by: Sequence[str] = (),
) -> str:
    """The report of a trace as text. `format` is one that ``aklo-trace report --format`` takes;
    `json` is documented in docs/report-json.md. Rankings have `top` rows; if that is None as many
    as `trace.top` of the configuration says, in HTML 100 if it says nothing. `sections` are the
    parts of a text, `by` the keys by which calls are grouped, as in docs/report.md.

    Raises UsageError for a format, section or key that there is not, and TraceError if the trace
    cannot be read.

    >>> print(generate_io_report("latest", sections=["tracked"]).splitlines()[0])
    REPORTED OPERATIONS
    """
    from aklo_analysis.reporters import REPORTERS, Options
    from aklo_trace.judgement import analysed, judged
    from aklo_trace.presentation import extent_of, wanted

    _check("format", [format], REPORTERS)
    _check("section", sections, SECTIONS)
    _check("key", by, KEYS)
    asker = _asker()
    found = open_trace(_directory(trace, asker))
    extent = extent_of(format, top, asker)
    report = judged(found, analysed(found, asker, extent.top, by, extent.over_time), asker)
    stream = io.StringIO()
    look = Options(width=None, sections=wanted(tuple(sections), bool(by)))
    REPORTERS[format](report, stream, look)
    return stream.getvalue()


def _check(kind: str, names: Sequence[str], known: Collection[str]) -> None:
    for name in names:
        if name not in known:
            raise UsageError(f"There is no {kind} '{name}', but {', '.join(known)}.")


def check_performance_alerts(
    trace: str | os.PathLike[str] = location.LATEST,
) -> tuple[Alert, ...]:
    """What is beyond a threshold of the configuration in a trace, the worst first: each with
    `name`, `severity` (info, warning, critical), `state`, `message`, and more that docs/alerts.md
    has. Nothing is written down, and nothing is done about it. Raises TraceError.

    >>> [alert.name for alert in check_performance_alerts("latest")]
    []
    """
    from aklo_trace.judgement import analysed, judged

    asker = _asker()
    found = open_trace(_directory(trace, asker))
    return judged(found, analysed(found, asker), asker).alerts


def cleanup_old_metrics(*, dry_run: bool = False) -> tuple[str, ...]:
    """Remove the traces that are beyond the limits of the configuration (their age, number, size,
    and the room left on the disk; see docs/store.md), as recordings do at their end; never one that
    is being recorded or read, or is pinned. Returns the names of those that went, or with `dry_run`
    would go. Raises StoreError.

    >>> cleanup_old_metrics(dry_run=True)
    ()
    """
    from aklo_trace.purging import limits_of, planned, purge

    asker, found = _asker(), list[str]()
    for store in filter(Path.is_dir, asker.stores()):
        limits, now_ns = limits_of(store, asker), time.time_ns()
        gone = planned(store, limits, now_ns) if dry_run else purge(store, limits, now_ns).removed
        found += [removal.trace.name for removal in gone]
    return tuple(found)


def show_io_dashboard(trace: str | os.PathLike[str] | None = None) -> None:
    """Show the dashboard of what is being recorded, or of `trace`, until the key q is typed; see
    docs/dashboard.md. Where standard output is no terminal, or nothing is being recorded, it
    prints what ``aklo-trace status`` says. Raises TraceError.

    >>> show_io_dashboard()  # doctest: +ELLIPSIS
    ── aklo-trace status...
    """
    is_shown = sys.stdin.isatty() and sys.stdout.isatty()
    is_recorded = trace is not None or any(ongoing.ongoing(_asker().stores()))
    sys.stdout.flush()
    if is_shown and is_recorded:
        subprocess.run([*PROGRAM, "dashboard", *([] if trace is None else [os.fspath(trace)])])
        return
    from aklo_analysis.reporters import Options
    from aklo_analysis.reporters.status import write
    from aklo_trace.commands.status import now

    write(now(_asker()), sys.stdout, Options(width=None))
