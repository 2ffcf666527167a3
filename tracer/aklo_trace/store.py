"""The trace directory: begun, finished, read.

    DIR/meta.json             what the trace is (aklo_trace.meta)
    DIR/<table>/*.parquet     its tables (aklo_trace.schema)
    DIR/summary.json          what its report says in short (aklo_trace.summary); can be missing
    DIR/tracked.jsonl         operations that were reported afterwards (aklo_trace.tracked)
    DIR/live/                 while it is being recorded, and until its tables are complete:
                              what the engine wrote, a lock that the recorder holds, and, once
                              the recording has ended in order, a meta.json that says how

While `live` exists it alone is the truth, and the tables are not there or not complete. So a
recorder or a converter that is killed at any moment leaves a trace that the next reader
finishes from `live`. It goes in one step, by another name.
"""

from __future__ import annotations

import fcntl
import os
import shlex
import shutil
import struct
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from aklo_trace import address_space, tracked
from aklo_trace import loss as losses
from aklo_trace import meta as meta_file
from aklo_trace.engine import Account, Recorded
from aklo_trace.errors import (
    CorruptTrace,
    NotATrace,
    RecordingInProgress,
    StoreError,
    TraceError,
    reason_of,
    remedy_at,
    remedy_of,
)
from aklo_trace.lock import take
from aklo_trace.meta import ORDER, Meta
from aklo_trace.packing import STANDARD, Packing
from aklo_trace.plain_file import check_written
from aklo_trace.schema import TABLES, TRACKED, VERSION
from aklo_trace.tracked import Tracked

if TYPE_CHECKING:
    import pyarrow as pa

LIVE: Final = "live"
DONE: Final = ".live-done"
LOCK: Final = "lock"
RESERVE: Final = "reserve"
RESERVE_BYTES: Final = 64 << 10
"""Is kept free in `live` for how a recording ended: on a full disk that is needed most."""
IMPORT: Final = "import"
"""Is in `live` while a trace is made from what is elsewhere: there is nothing to finish it from."""
INTERRUPTED: Final = "the recording was interrupted: what followed its last moment is missing"
LOST: Final = "{lost:,} of {attempts:,} calls were lost"
DETAILS_LOST: Final = "{what} were lost"
DAMAGE: Final = (
    *(ValueError, LookupError, ArithmeticError, TypeError, AttributeError, RecursionError),
    struct.error,
)
"""What reading a damaged recording may raise."""
PIECE_ROWS: Final = 1 << 16
BY_NAME: Final = {table.name: table for table in TABLES}
MOST_HOLDS: Final = 128
"""Of which each takes a descriptor; a process may have a thousand."""
PATIENCE_S: Final = 1.0
"""How long a process that was killed may need to let go of the lock."""


def begin(directory: Path, meta: Meta, is_import: bool = False) -> tuple[Path, int]:
    """Create the directory of a trace that is about to be recorded, or imported.

    Returns its `live` folder and a descriptor that holds the lock: the recording counts as
    alive while any process has it open. Raises StoreError.
    """
    try:
        directory.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        directory.mkdir(mode=0o700)
    except (FileExistsError, NotADirectoryError):
        raise _in_the_way(directory) from None
    except OSError as error:
        raise _unwritable(directory, error) from error
    live = directory / LIVE
    try:
        live.mkdir(mode=0o700)
        lock = os.open(live / LOCK, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        fcntl.flock(lock, fcntl.LOCK_EX)
        if is_import:
            (live / IMPORT).touch(mode=0o600)
        meta_file.write(directory, meta)
        _reserve(live)
    except OSError as error:
        abandon(directory)
        raise _unwritable(directory, error) from error
    return live, lock


def _in_the_way(directory: Path) -> StoreError:
    """Why there can be no such new directory: of what it stands for, the last part that exists."""
    path = next(path for path in (directory, *directory.parents) if os.path.lexists(path))
    if not path.exists():
        return StoreError(
            f"{path} is a symbolic link to {os.fspath(path.readlink())}, where nothing is. "
            "Remove the link, or give another directory to -o."
        )
    if path != directory:
        return StoreError(
            f"{directory} cannot be made: {path} is no directory. Give another one to -o."
        )
    return StoreError(
        f"{directory} exists already. Give another directory to -o, or add --force to "
        "replace a trace that is there."
    )


def _reserve(live: Path) -> None:
    with suppress(OSError):  # a quota or a limit; then there will be no room for it
        fd = os.open(live / RESERVE, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        try:
            os.posix_fallocate(fd, 0, RESERVE_BYTES)
        finally:
            os.close(fd)


def _keep_outcome(live: Path, outcome: Meta) -> None:
    """Write down how a recording ended, in the room that was kept for it if there is no other. If
    there is none at all, it is not known later."""
    with suppress(OSError):
        try:
            meta_file.write(live, outcome)
        except OSError:
            (live / RESERVE).unlink()
            meta_file.write(live, outcome)


def _unwritable(directory: Path, error: OSError) -> StoreError:
    return StoreError(
        f"No trace can be written to {directory}: {reason_of(error)}. {remedy_at(error)}"
    )


def abandon(directory: Path) -> None:
    """Remove what `begin` made, when nothing could be recorded."""
    shutil.rmtree(directory, ignore_errors=True)


def make_way(directory: Path) -> None:
    """Remove what is there, if that is a trace. Raises as `remove`."""
    if os.path.lexists(directory):
        remove(directory)


def remove(directory: Path) -> None:
    """Remove a trace, and only a trace. Raises NotATrace, StoreError, also while it is read, or
    RecordingInProgress while it is being recorded."""
    meta_file.read(directory)
    if (directory / LIVE).is_dir():
        with _exclusive(directory / LIVE):
            pass
    if directory.is_symlink():
        raise StoreError(f"The trace {directory} cannot be removed: it is a symbolic link.")
    try:
        holds = unused(directory)
        shutil.rmtree(directory)
    except BlockingIOError as error:
        raise StoreError(
            f"The trace {directory} cannot be removed: it is in use. Try again when what reads it "
            "has ended."
        ) from error
    except OSError as error:
        raise StoreError(f"The trace {directory} cannot be removed: {reason_of(error)}.") from error
    holds.clear()


def finish(
    directory: Path,
    recorded: Recorded,
    outcome: Meta,
    packing: Packing = STANDARD,
    operations: Iterable[Tracked] = (),
) -> Meta:
    """Turn what was recorded into tables and a final meta.json, and remove `live`.

    `outcome` is the meta of the trace with what is known of its end; `operations` go before those
    that were reported meanwhile. Raises StoreError; then `live` is still there and finishing can
    be tried again. Raises CorruptTrace if what was recorded makes a meta.json that could not be
    read; `live` is still there then, too.
    """
    live = directory / LIVE
    _keep_outcome(live, outcome)
    try:
        with tracked.closed(live) as reported:
            meta = _convert(directory, recorded, outcome, [*operations, *reported], packing)
            meta_file.check(meta, live)
            meta_file.write(directory, meta)
            shutil.rmtree(directory / DONE, ignore_errors=True)
            live.rename(directory / DONE)
        shutil.rmtree(directory / DONE, ignore_errors=True)
    except OSError as error:
        raise _unfinished(directory, error) from error
    return meta


def conclude(directory: Path, outcome: Meta, packing: Packing = STANDARD) -> Meta:
    """`finish` with what is in `live`. Raises CorruptTrace, too, if that cannot be read."""
    from aklo_trace.engines import engine_named

    live = directory / LIVE
    if (live / IMPORT).exists():
        raise CorruptTrace(
            f"The import that was to make {directory} was interrupted. It has nothing that could "
            "be read or recovered: import again, with --force."
        )
    try:
        address_space.check(address_space.TABLES_BYTES)
        for path in sorted(live.iterdir()):
            check_written(path)
        return finish(directory, engine_named(outcome.engine).read(live), outcome, packing)
    except FileNotFoundError as error:
        raise CorruptTrace(
            f"The trace {directory} was interrupted before anything was recorded, or has lost "
            f"the file {error.filename}."
        ) from error
    except OSError as error:
        raise CorruptTrace(
            f"What was recorded in {live} cannot be read: {reason_of(error)}."
        ) from error
    except MemoryError as error:
        raise StoreError(
            f"The tables of {directory} need more memory than there is. What was recorded is "
            "kept; free memory, or raise the limits on it (ulimit -v, -d), and run "
            f"{recovery(directory)}."
        ) from error
    except DAMAGE as error:
        raise CorruptTrace(
            f"What was recorded in {live} is damaged: {error}. The trace cannot be read."
        ) from error


def recovery(directory: Path) -> str:
    """The command that finishes a trace."""
    return f"'aklo-trace recover {shlex.quote(str(directory))}'"


def kept(directory: Path) -> str:
    """What there is of a trace that could not be finished, and how to come to the rest."""
    if (directory / LIVE).is_dir():
        return f"What was recorded is kept in {directory}: finish it with {recovery(directory)}."
    if (directory / meta_file.FILE).exists():
        command = f"'aklo-trace report {shlex.quote(str(directory))}'"
        return f"The trace is kept in {directory}: see it with {command}."
    return f"There is no trace in {directory} any more."


def check_place(directory: Path, lock: int, outcome: Meta) -> None:
    """Raises StoreError if the recording that holds this lock no longer is in `directory`: it
    was moved, removed or replaced meanwhile."""
    with suppress(OSError):
        if os.path.samestat(os.fstat(lock), (directory / LIVE / LOCK).stat()):
            return
    if not os.fstat(lock).st_nlink:
        raise StoreError(
            f"The trace {directory} was removed while it was being recorded; there is nothing to "
            "report."
        )
    live = Path(os.readlink(f"/proc/self/fd/{lock}")).parent  # noqa: PTH115
    _keep_outcome(live, outcome)
    raise StoreError(
        f"The trace {directory} was moved to {live.parent} while it was being recorded. Finish it "
        f"there, with {recovery(live.parent)}."
    )


def _unfinished(directory: Path, error: OSError) -> StoreError:
    if not (directory / LIVE).is_dir():
        return StoreError(
            f"The trace {directory} was moved or removed while it was being finished."
        )
    return StoreError(
        f"The tables of {directory} cannot be written: {reason_of(error)}. What was recorded is "
        f"kept; {remedy_of(error)} and run {recovery(directory)}."
    )


def _clear(path: Path) -> None:
    """Remove what an interrupted conversion left, or whatever else is in its place."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


def _convert(
    directory: Path,
    recorded: Recorded,
    outcome: Meta,
    operations: list[Tracked],
    packing: Packing,
) -> Meta:
    from aklo_trace import script_content
    from aklo_trace.assemble import Assembler
    from aklo_trace.tables import TableWriter

    for table in TABLES:
        _clear(directory / table.name)
    cwd = outcome.cwd and outcome.cwd.encode("utf-8", "surrogateescape")
    assembler = Assembler(cwd or None)
    with TableWriter(directory, packing) as writer:
        for batch in recorded.batches():
            writer.add(assembler.add(batch))
        for pieces in assembler.finish():
            writer.add(pieces)
        writer.add({"tracked": dict(tracked.columns(operations))})
    target, account = assembler.target, recorded.account()
    if account.timing == ORDER:
        target = replace(target, start_ns=None, wall_ns=None)
    started_ns = target.start_ns or outcome.started_at_ns
    return _accounted(
        replace(
            outcome,
            schema_version=VERSION,
            tables=writer.rows,
            argv=outcome.argv or target.argv,
            target_proc_id=target.proc_id,
            started_at_ns=started_ns,
            started_at=meta_file.iso(target.start_ns) if target.start_ns else outcome.started_at,
            wall_ns=target.wall_ns if outcome.wall_ns is None else outcome.wall_ns,
            exit_status=target.exit_status if outcome.exit_status is None else outcome.exit_status,
            signal=target.signal if outcome.signal is None else outcome.signal,
            scripts=script_content.digests(assembler.scripts(), started_ns),
        ),
        account,
    )


def _accounted(meta: Meta, account: Account) -> Meta:
    lost = sum(account.lost_by_syscall.values())
    reason = meta.incomplete_reason
    if reason is None and account.lost:
        what = losses.named(account.lost)
        counts = {"lost": lost, "attempts": account.attempts, "what": what}
        reason = (LOST if lost else DETAILS_LOST).format(**counts)
    reasons = [reason] if reason else []
    return replace(
        meta,
        timing=account.timing,
        attribution=account.attribution,
        attempts=account.attempts,
        lost=lost,
        loss=account.lost,
        lost_by_syscall=account.lost_by_syscall,
        in_flight_by_syscall=account.in_flight_by_syscall,
        notes=(*meta.notes, *account.notes),
        clock_offset_ns=account.clock_offset_ns,
        recorder_cpu_ns=account.recorder_cpu_ns,
        recorder_max_rss_bytes=account.recorder_max_rss_bytes,
        incomplete_reason="; ".join([*reasons, *account.missing]) or None,
        complete=not reasons and not account.missing,
    )


class Hold:
    """A lock on a trace, for as long as this exists. `count` is how many there are."""

    count = 0

    def __init__(self, fd: int) -> None:
        self.fd = fd
        Hold.count += 1

    def __del__(self) -> None:
        os.close(self.fd)
        Hold.count -= 1


class Trace:
    """A finished trace that can be read; no purge removes it meanwhile."""

    def __init__(self, directory: Path, meta: Meta, hold: Hold | None = None) -> None:
        self.directory = directory
        self.meta = meta
        self._hold = hold

    def table(self, name: str, columns: list[str] | None = None) -> pa.Table:
        """The rows of one table, of the given columns or all. Raises CorruptTrace."""
        from aklo_trace.tables import empty_table, read_table, with_rows

        table = BY_NAME[name]
        is_there = self.meta.schema_version >= table.since
        with reading(self.directory, name):
            kept = (
                read_table(self.directory, table, columns)
                if is_there
                else empty_table(table, columns)
            )
            if table != TRACKED:
                return kept
            return with_rows(kept, table, tracked.columns(tracked.added(self.directory)))

    def pieces(
        self, name: str, columns: list[str] | None = None, rows: int = PIECE_ROWS
    ) -> Iterator[pa.Table]:
        """The same, in pieces of at most so many rows, so that memory is bounded; whole, if it is a
        table that can grow after the recording. Raises CorruptTrace."""
        from aklo_trace.tables import read_pieces

        table = BY_NAME[name]
        if table == TRACKED:
            yield self.table(name, columns)
        elif self.meta.schema_version >= table.since:
            with reading(self.directory, name):
                yield from read_pieces(self.directory, table, columns, rows)


@contextmanager
def reading(directory: Path, name: str) -> Iterator[None]:
    """What reads a table of a trace. Raises CorruptTrace."""
    import pyarrow as pa

    try:
        yield
    except (OSError, MemoryError, pa.ArrowException, *DAMAGE) as error:
        raise CorruptTrace(
            f"The table {name} of {directory} is damaged: {error}. The trace cannot be read."
        ) from error


def open_trace(directory: Path) -> Trace:
    """A trace, finished first if its recorder was interrupted.

    Raises NotATrace, CorruptTrace, NewerTrace, or RecordingInProgress while it is being
    recorded.
    """
    hold = _held(directory)
    return Trace(directory, recover(directory), hold)


def _held(directory: Path) -> Hold | None:
    """None where nothing can be locked, and for who has very many traces open: there, too, one may
    want to read. Raises NotATrace for a trace that is being removed."""
    if Hold.count >= MOST_HOLDS:
        return None
    try:
        hold = Hold(os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC))
        _lock(hold, fcntl.LOCK_SH)
    except BlockingIOError:
        raise NotATrace(f"The trace {directory} is just being removed.") from None
    except OSError:
        return None
    return hold


def unused(directory: Path) -> list[Hold]:
    """Locks that keep everybody from reading, recording and finishing a trace. Raises
    BlockingIOError if somebody does, or OSError."""
    holds = [Hold(os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC))]
    with suppress(FileNotFoundError):
        lock = directory / LIVE / LOCK
        holds.append(Hold(os.open(lock, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)))
    for hold in holds:
        _lock(hold, fcntl.LOCK_EX)
    return holds


def _lock(hold: Hold, operation: int) -> None:
    fcntl.flock(hold.fd, operation | fcntl.LOCK_NB)


def recover(directory: Path) -> Meta:
    """Finish a trace whose recorder was interrupted; does nothing to one that is finished."""
    meta = meta_file.read(directory)
    live = directory / LIVE
    if not live.is_dir():
        shutil.rmtree(directory / DONE, ignore_errors=True)
        return meta
    owner = directory.stat().st_uid
    if owner != os.geteuid():  # what is written there follows names that its owner chooses
        raise TraceError(
            f"The trace {directory} was interrupted and has to be finished before it can be read. "
            f"It belongs to user {owner}: finish it as that user, with 'aklo-trace recover'."
        )
    with _exclusive(live):
        if not live.is_dir():  # somebody else has finished it meanwhile
            return meta_file.read(directory)
        return conclude(directory, _outcome(live, meta))


def _outcome(live: Path, meta: Meta) -> Meta:
    """How the recording ended, if it did so in order."""
    try:
        return meta_file.read(live)
    except TraceError:
        return replace(meta, incomplete_reason=INTERRUPTED)


def is_recorded(directory: Path) -> bool:
    """Whether somebody is recording this trace, or finishing it."""
    try:
        lock = os.open(directory / LIVE / LOCK, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(lock)
    return False


@contextmanager
def _exclusive(live: Path) -> Iterator[None]:
    """Hold the lock of a recording that has ended."""
    try:
        lock = os.open(live / LOCK, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise TraceError(
            f"The trace {live.parent} was interrupted and has to be finished before it can be "
            f"read, but {live} cannot be written: {error.strerror}."
        ) from error
    try:
        take(lock, PATIENCE_S)
        yield
    except BlockingIOError:
        raise RecordingInProgress(
            f"The trace {live.parent} is still being recorded, or another aklo-trace is finishing "
            "it. Try again when its command has ended."
        ) from None
    finally:
        os.close(lock)
