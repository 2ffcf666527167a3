"""Reads strace's output: the seam of this package for what was recorded here or elsewhere.

    log = read_logs([LogSource(Path("strace.log"))], workers=2)
    for batch in log.batches():
        ...
    log.statistics

Times are strace's own; durations include what strace itself costs. What is a path in a batch
begins with a slash in `EventBatch.fd_path`; other texts there, like ``anon_inode:[eventpoll]``
or ``TCP:[…]``, are the names of things that have no path. A pipe or socket that only has an
inode has no text, but `inode` and the type bits of `mode`.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Final

from aklo_trace.errors import TraceError, reason_of
from aklo_trace.events import EventBatch
from aklo_trace.strace import batches
from aklo_trace.strace.launcher import AfterExec
from aklo_trace.strace.lineage import Lineage
from aklo_trace.strace.piece import Piece, read_piece
from aklo_trace.strace.plan import PIECE_BYTES, Plan, plan
from aklo_trace.strace.pool import read_in_pool
from aklo_trace.strace.sources import LogSource
from aklo_trace.strace.statistics import Example, Observed, Statistics
from aklo_trace.strace.tally import MOST_EXAMPLES, Tally
from aklo_trace.strace.times import Timebase

WORTH_A_POOL_BYTES: Final = 4 * PIECE_BYTES
"""Smaller logs are read before a worker process has started."""


def read_logs(
    sources: Sequence[LogSource],
    *,
    workers: int,
    start_date: date | None = None,
    skip_until_exec_of: int | None = None,
    shell_lines: Path | None = None,
) -> StraceLog:
    """Read one log, or the files of one ``strace -ff`` together.

    `workers` is how many processes parse; 0 parses in this one. `start_date` is the day of the
    first line where times are times of day, which else is guessed from the file's date.
    `skip_until_exec_of` leaves out what that process did before its first successful exec.
    `shell_lines` is the file by which shells were asked where in their code they are.
    Raises TraceError if a file cannot be read, UsageError if the files don't belong together.
    """
    cut = plan(sources, start_date)
    return StraceLog(sources, cut, workers, skip_until_exec_of, shell_lines)


class StraceLog:
    """A log being read."""

    def __init__(
        self,
        sources: Sequence[LogSource],
        cut: Plan,
        workers: int,
        skip_until_exec_of: int | None,
        shell_lines: Path | None,
    ) -> None:
        self._names = [source.name for source in sources]
        self._plan = cut
        self._workers = workers
        self._shell_lines = shell_lines
        self._calls_of_ours = 0
        self._lineage = Lineage(
            cut.own_pid, cut.own_cwd, cut.layout.is_fine, skip_until_exec_of is not None
        )
        self._launcher = AfterExec(skip_until_exec_of) if skip_until_exec_of else None
        self._tally = Tally()
        self._observed = Observed()
        self._examples: list[Example] = []
        self._lines_before = [0] * len(sources)

    def batches(self) -> Iterator[EventBatch]:
        """The events, in batches of some ten thousand. Can be iterated once.

        Raises TraceError if a file cannot be read any more or a worker is killed.
        """
        timebase = Timebase(self._plan.clock, self._plan.start_ns)
        piece: Piece | None = None
        with closing(self._pieces()) as pieces:
            for following in pieces:
                following.move(timebase.shift(following.extent))
                if piece is not None:
                    yield from self._finished(self._joined(piece, following))
                piece = following
        if piece is not None:
            yield from self._finished(self._joined(piece, None))
        yield from self._finished(batches.of_joined(self._lineage.finish()))

    @property
    def statistics(self) -> Statistics:
        """What the log was; complete once `batches` is exhausted."""
        tally, observed, root = self._tally, self._observed, self._lineage.root
        unseen = self._lineage.unseen
        return Statistics(
            lines=tally.lines,
            events=observed.events,
            whole_lines=tally.whole,
            unfinished_lines=tally.begun,
            resumed_lines=tally.resumed,
            non_events={kind.value: count for kind, count in tally.notes.items() if count},
            unparsed_lines=tally.unparsed,
            missing_lines=tally.missing,
            examples=tuple(self._examples),
            unknown_calls={
                name.decode("ascii", "backslashreplace"): count
                for name, count in tally.unknown_calls.items()
            },
            clock=self._plan.clock,
            has_durations=tally.timed > 0,
            is_fine=self._plan.layout.is_fine,
            unseen_starts=unseen.starts,
            unseen_children=unseen.children,
            unseen_ends=unseen.ends,
            root_pid=root.pid if root else None,
            exit_status=root.status if root else None,
            signal=root.signal if root else None,
            problems=tuple(self._plan.problems),
            names_files=observed.on_named > 0 or not observed.on_descriptors,
            calls_of_ours=self._calls_of_ours,
            silent={reason: len(who) for reason, who in self._lineage.silent.items()},
        )

    def _pieces(self) -> Generator[Piece]:
        size = self._plan.size_bytes
        tasks = (replace(task, shell_lines=self._shell_lines) for task in self._plan.tasks)
        inline = self._workers == 0 or (size is not None and size < WORTH_A_POOL_BYTES)
        try:
            yield from map(read_piece, tasks) if inline else read_in_pool(tasks, self._workers)
        except OSError as error:
            raise TraceError(
                f"cannot read on in the strace log {error.filename or self._names[0]}: "
                f"{reason_of(error)}. "
                "Was it moved or changed while it was read? Import it again."
            ) from error

    def _joined(self, piece: Piece, following: Piece | None) -> EventBatch:
        self._count(piece)
        self._calls_of_ours += piece.marks
        after = ([], []) if following is None else (following.tids, following.moments)
        joined = self._lineage.join(piece.tids, piece.moments, *after)
        return batches.of_piece(piece, joined)

    def _count(self, piece: Piece) -> None:
        self._tally.add(piece.tally)
        for source, number, text in piece.examples:
            if len(self._examples) < MOST_EXAMPLES:
                line = self._lines_before[source] + number
                self._examples.append(Example(self._names[source], line, text))
        for source, lines in piece.lines_by_source:
            self._lines_before[source] += lines

    def _finished(self, batch: EventBatch) -> Iterator[EventBatch]:
        batch, ours = batches.without_ours(batch)
        self._calls_of_ours += ours
        passed = self._launcher.pass_on(batch) if self._launcher else batch
        if passed is not None and (len(passed) or passed.process_events):
            self._observed.add(passed)
            yield passed
