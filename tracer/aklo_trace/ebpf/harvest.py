"""What a watch has recorded, made into traces: each tree's belongs to the user who ran it.

Runs in a process of its own, whose memory goes back to the system when it ends. For each trace
it starts another, which becomes that user before it writes anything.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Sequence
from pathlib import Path
from typing import Final, NoReturn

from aklo_trace import store, tables
from aklo_trace.cli import complain, explained
from aklo_trace.ebpf.sorting import sort
from aklo_trace.ebpf.watch_spool import Ended, Span, WatchSpool
from aklo_trace.ebpf.watched_trace import Kept, Prepared, finish, keep, make_room, prepare
from aklo_trace.ebpf.watching import WatchTerms
from aklo_trace.errors import AkloTraceError, StoreError
from aklo_trace.escape import escape

DONE_WITH: Final = b"d"


def harvest(
    spool: WatchSpool,
    segments: Sequence[Path],
    trees: Sequence[Span],
    ended: Sequence[Ended],
    terms: WatchTerms,
) -> None:
    """Sort segments by `trees`, and make traces of those that have `ended`; what cannot be kept
    now stays in the spool. Can be done again after it failed. Raises OSError."""
    tables.load()  # who becomes a user may not be able to read our modules any more
    for segment in segments:
        if segment.exists():
            sort(spool, segment, trees)
        spool.forget_segment(segment)
    for tree in ended:
        if spool.has(tree.facts.root) and _is_done_with(spool, tree, terms):
            spool.forget(tree.facts.root)


def _is_done_with(spool: WatchSpool, tree: Ended, terms: WatchTerms) -> bool:
    """Make the trace of a tree. False if it may be had later: there may be a place for it then."""
    root = tree.facts.root
    later = f"What was recorded is kept in {spool.folder}, and it is tried again later."
    try:
        prepared = prepare(spool, tree, terms.names)
    except store.DAMAGE as error:
        complain(f"There is no trace of process {root.pid}: {explained(error)}")
        return True
    except OSError as error:
        complain(f"There is no trace of process {root.pid}: {explained(error)} {later}")
        return False
    if prepared is None:
        if not tree.interrupted:  # by the end of a watch that was killed
            complain(f"There is no trace of process {root.pid}: all it did was lost.")
        return True
    whose = f"'{prepared.name}', run by user {root.uid}"
    told, tells = os.pipe2(os.O_CLOEXEC)
    pid = os.fork()
    if pid == 0:
        _keep_as_user(prepared, whose, terms, later, tells)
    os.close(tells)
    is_done_with = bool(os.read(told, 1))
    os.close(told)
    _, status = os.waitpid(pid, 0)
    if os.WIFSIGNALED(status):
        name = signal.Signals(os.WTERMSIG(status)).name
        complain(f"What makes the trace of {whose} was killed by {name}: memory may have run out.")
    return is_done_with


def _keep_as_user(
    prepared: Prepared, whose: str, terms: WatchTerms, later: str, tells: int
) -> NoReturn:
    """Writes a byte into `tells` once what was recorded is the user's, or can never be."""
    status = 1
    try:
        kept = keep(prepared, prepared.ended.facts.root.uid, terms.output)
        os.write(tells, DONE_WITH)
        if _is_finished(kept, whose) and not terms.quiet:
            complain(f"trace of user {os.geteuid()}: {escape(str(kept.directory))}")
        status = 0
        _make_room(kept)
    except StoreError as error:
        complain(f"There is no trace of {whose}: {error} {later}")
    except AkloTraceError as error:
        os.write(tells, DONE_WITH)
        complain(f"There is no trace of {whose}: {error}")
    except Exception as error:  # noqa: BLE001 - said in words, and the others are made
        complain(f"There is no trace of {whose}: {explained(error)} {later}")
    finally:
        os._exit(status)


def _make_room(kept: Kept) -> None:
    try:
        make_room(kept)
    except StoreError as error:
        complain(error)


def _is_finished(kept: Kept, whose: str) -> bool:
    """Make the tables; if that fails, say how the trace can still be had."""
    try:
        finish(kept)
    except AkloTraceError as error:
        complain(f"The trace of {whose} is not finished. {error}")
    except Exception as error:  # noqa: BLE001 - as above
        remedy = store.kept(kept.directory)
        complain(f"The trace of {whose} is not finished. {explained(error)} {remedy}")
    else:
        return True
    return False
