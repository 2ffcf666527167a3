"""SH10: files and pipes are read or written a few bytes at a time.

bash takes one byte at a time from what it cannot go back in, so as not to take more than its line;
and each `echo` is a call of the kernel, as is each line of a program that does not buffer.
"""

from __future__ import annotations

import errno
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from aklo_analysis.calls import among
from aklo_analysis.nullable import known_values, objects
from aklo_analysis.rules.case import Case
from aklo_analysis.rules.claim import Claim, instead
from aklo_analysis.rules.dialect import Dialect
from aklo_analysis.rules.evidence import most_used
from aklo_analysis.rules.rule import COST, Candidate, Rule, Threshold
from aklo_analysis.rules.stretches import Spot, in_calls, runs, spots
from aklo_analysis.units import count

Int64 = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

TRANSFERS: Final = Threshold("transfers", "count", 100, "transfers of a few bytes")

SMALL_BYTES: Final = 128
"""A transfer of fewer is small."""
WAITED_NS: Final = 200_000
"""What takes longer, for so few bytes, has waited for its other end."""
LOOP_NS: Final = 5_000
"""What a program does between two small transfers is part of them if it takes no longer."""
BLOCK_BYTES: Final = 4096
"""What is moved at a time instead."""
READ_AGAIN: Final = 3
"""Reading a line from a file, and going back to its end, is as long as so many bytes of a pipe."""

READS: Final = ("read", "pipe_read", "read_unknown")
WRITES: Final = ("write", "pipe_write", "write_unknown")
"""Activities; what a terminal or a peer is sent is meant to be seen at once."""

PIPED: Final = (
    "bash cannot go back in a pipe, so it takes one byte at a time. Read from a file, in blocks: "
    "command >file, then while read …; done <file, or mapfile -t <file; or let awk do the loop."
)
PIPED_FORMERLY: Final = (
    "bash cannot go back in a pipe, so it takes one byte at a time. Take all output first, by a "
    'here-string, which is a file: while read …; done <<<"$(command)".'
)
BYTEWISE: Final = (
    "This shell takes one byte at a time from whatever it reads: let awk or sed do the loop, or "
    "bash, which reads files in blocks."
)
HERE: Final = (
    "A here-document or here-string that fits into a pipe is read from one, byte by byte: put the "
    "text into quotes, text='…', and split it there."
)
COLLECTED: Final = (
    "Collect the lines in an array, and write them with one printf behind the loop: "
    'lines+=("…"), then printf \'%s\\n\' "${lines[@]}".'
)
TAKEN_TOGETHER: Final = (
    'Collect the text in a variable, text="$text…", and write it with one printf behind the loop.'
)


@dataclass(frozen=True)
class _Small:
    """Which calls are small transfers that follow on one of the same kind by the same life: those
    by which bash reads a line, those by which it writes, and those of programs."""

    read_by_shell: Bools
    written_by_shell: Bools
    by_program: Bools


def check(case: Case) -> Iterator[Candidate]:
    small = _small(case)
    yield from _lines_read(case, small.read_by_shell)
    yield from _lines_written(case, small.written_by_shell)
    yield from _of_programs(case, small.by_program)


def _small(case: Case) -> _Small:
    calls, syscalls = case.calls, case.frames.syscalls
    moved = calls["bytes"].to_numpy()
    quick = known_values(syscalls["dur_ns"], WAITED_NS) < WAITED_NS
    read, written = among(calls["activity"], READS), among(calls["activity"], WRITES)
    small = (moved > 0) & (moved < SMALL_BYTES) & quick & (read | written)
    small &= calls["leader"].to_numpy() & ~_on_devices(case) & ~_in_dialogue(case)
    follows = _follows(case, small, read)
    shell = case.places.shells[case.lives.of_calls]
    return _Small(
        follows & shell & read & (moved == 1),
        follows & shell & written,
        follows & ~shell,
    )


def _follows(case: Case, small: Bools, read: Bools) -> Bools:
    """Which of the small transfers are not the first of their life, file and direction."""
    rows = case.order.calls[small[case.order.calls]]
    file = case.calls["file"].to_numpy()
    keys = pd.DataFrame(
        {"life": case.lives.of_calls[rows], "file": file[rows], "read": read[rows]}, copy=False
    )
    found = np.zeros(len(small), dtype=bool)
    found[rows[keys.duplicated().to_numpy()]] = True
    return found


def _on_devices(case: Case) -> Bools:
    kind = case.frames.files["kind"].astype("object").to_numpy()
    found: Bools = np.append(kind == "character", [False, False])[case.calls["file"].to_numpy()]
    return found


def _in_dialogue(case: Case) -> Bools:
    """Calls on a pipe to a process that answers through another pipe: what is written must
    arrive before the answer can come."""
    files = case.frames.files
    ends = list(zip(objects(files["readers"]), objects(files["writers"]), strict=True))
    pairs = {(w, r) for readers, writers in ends for w in writers or () for r in readers or ()}
    answered = [
        any((r, w) in pairs and r != w for w in writers or () for r in readers or ())
        for readers, writers in ends
    ]
    found: Bools = np.array([*answered, False, False], bool)[case.calls["file"].to_numpy()]
    return found


def _lines_read(case: Case, small: Bools) -> Iterator[Candidate]:
    own = _of_itself(case)
    for spot in runs(case, small, LOOP_NS):
        lines = _reads_begun(case, spot.calls)
        each_ns = spot.cost_ns / len(spot.calls)
        here = bool(own[spot.calls].mean() > 0.5)
        yield _candidate(
            case,
            spot,
            title=f"a shell reads {count(len(spot.calls))} bytes one by one",
            claim=instead(spot.rows, case.segments_ns, lines * READ_AGAIN * each_ns),
            advice=_reading(case, spot, here),
        )


def _lines_written(case: Case, small: Bools) -> Iterator[Candidate]:
    for spot in spots(case, in_calls(case, small)):
        yield _candidate(
            case,
            spot,
            title=f"a shell writes {count(len(spot.calls))} times a few bytes",
            claim=_blocks(case, spot),
            advice=COLLECTED if _dialect(case, spot).is_bash() else TAKEN_TOGETHER,
        )


def _of_programs(case: Case, small: Bools) -> Iterator[Candidate]:
    for spot in runs(case, small, LOOP_NS):
        yield _candidate(
            case,
            spot,
            title=f"{_program(case, spot)} moves a few bytes {count(len(spot.calls))} times",
            claim=_blocks(case, spot),
            advice="Let it buffer: a larger bs= for dd, no -u, --line-buffered, stdbuf or "
            "$| = 1 where nobody waits for each line.",
        )


def _candidate(case: Case, spot: Spot, *, title: str, claim: Claim, advice: str) -> Candidate:
    moved = int(case.calls["bytes"].to_numpy()[spot.calls].sum())
    each = f"{count(len(spot.calls))} calls for {count(moved)} bytes"
    return Candidate(
        place=case.place(spot.place),
        title=title,
        cost_ns=spot.cost_ns,
        claim=claim,
        advice=advice,
        evidence=(each, *most_used(case, spot.calls)),
        seen={TRANSFERS.name: len(spot.calls)},
    )


def _blocks(case: Case, spot: Spot) -> Claim:
    """If whole blocks were moved instead."""
    moved = int(case.calls["bytes"].to_numpy()[spot.calls].sum())
    blocks = moved // BLOCK_BYTES + 1
    return instead(spot.rows, case.segments_ns, spot.cost_ns * blocks / len(spot.calls))


def _reads_begun(case: Case, calls: Int64) -> int:
    """How often a builtin began to read there: it tries whether it can go back."""
    life, cause = case.lives.of_calls, case.causes.of_calls
    seeks = among(case.calls["syscall"], ("lseek",))
    tried = seeks & (known_values(case.frames.syscalls["errno"]) == errno.ESPIPE)
    there = np.isin(cause, cause[calls]) & np.isin(life, life[calls])
    return int(np.count_nonzero(tried & there))


def _of_itself(case: Case) -> Bools:
    """Calls on a pipe that only one process writes, which also reads it: a here-document."""
    files = case.frames.files
    ends = zip(objects(files["readers"]), objects(files["writers"]), strict=True)
    own = [bool(writers) and writers == readers for readers, writers in ends]
    found: Bools = np.array([*own, False, False], bool)[case.calls["file"].to_numpy()]
    return found


def _reading(case: Case, spot: Spot, here: bool) -> str:
    if here:
        return HERE
    dialect = _dialect(case, spot)
    if not dialect.is_bash():
        return BYTEWISE
    return PIPED if dialect.is_bash(5, 1) else PIPED_FORMERLY


def _dialect(case: Case, spot: Spot) -> Dialect:
    return case.dialect(int(case.lives.of_calls[spot.calls[0]]))


def _program(case: Case, spot: Spot) -> str:
    """The one that most of the time went to."""
    lives, place = np.unique(case.wall.segments["life"].to_numpy()[spot.rows], return_inverse=True)
    life = lives[np.bincount(place, case.segments_ns[spot.rows]).argmax()]
    return str(case.names[case.lives.table["image"].to_numpy()[life]] or "a program")


RULE: Final = Rule("SH10", "a few bytes at a time", check, (*COST, TRANSFERS))
