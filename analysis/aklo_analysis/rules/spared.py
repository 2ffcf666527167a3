"""The programs that a shell can do without, because it does the same by itself."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from aklo_analysis.rules import costs
from aklo_analysis.rules.dialect import Dialect
from aklo_analysis.rules.idioms import BUILTIN, TEXT, Idiom

if TYPE_CHECKING:
    from aklo_analysis.rules.case import Case

Bools = npt.NDArray[np.bool_]
Int64 = npt.NDArray[np.int64]

BY_BUILTIN, BY_EXPANSION, USELESS_CAT = "SH03", "SH04", "SH05"
"""The rules that speak of them."""

OF_ARGUMENTS: Final = frozenset({"basename", "dirname", "expr", "date"})
"""Programs of `TEXT` that work on their arguments, and not on what they read."""

LINE_BYTES: Final = 40
"""How long a line of text is taken to be."""

QUIET: Final = re.compile(r"(?:&|\b1|\s)?>\s*/dev/null")


def spared(case: Case) -> pd.DataFrame:
    """Those of `case.starts` that can be spared, with the columns `code`, that of the rule;
    `text`, what to write; `cost_ns`, what that takes; `input_bytes`, what was read from a pipe."""
    starts = case.starts
    known = starts["name"].isin({*BUILTIN, *TEXT, "cat"}) & starts["argv"].notna()
    found = _with_pipes(case, starts[known].reset_index(drop=True))
    verdict = cache(_verdict)
    rows = zip(
        *(found[name] for name in ("name", "argv", "files", "piped", "into")),
        map(case.dialect, found["mother"]),
        _quiet(case, found),
        strict=True,
    )
    verdicts = [verdict(*row) for row in rows]
    found["code"] = [code for code, _ in verdicts]
    found["text"] = [idiom.text for _, idiom in verdicts]
    lines = found["input_bytes"].to_numpy() // LINE_BYTES
    found["cost_ns"] = [i.cost_ns for _, i in verdicts] + lines * [i.line_ns for _, i in verdicts]
    return _fed_by_shells(case, found[found["code"] != ""])


def _with_pipes(case: Case, starts: pd.DataFrame) -> pd.DataFrame:
    """With `files`, how many it read; `piped`, whether it read from a pipe, so that is known who
    feeds it; `input_bytes`; and `into`, who read what it wrote: a "shell" that waits for it,
    "another" process, or ""."""
    reads = case.reading[np.isin(case.reading["life"], starts["life"])]
    input = reads["stdin"] & reads["piped"]
    files = reads[~input].groupby("life")["file"].nunique()
    taken = reads[input & (reads["bytes"] > 0)].groupby("life")["bytes"].sum()
    life = starts["life"].to_numpy()
    return starts.assign(
        files=files.reindex(life, fill_value=0).to_numpy(),
        piped=np.isin(life, taken.index),
        input_bytes=taken.reindex(life, fill_value=0).to_numpy(),
        into=_into(case, starts),
    )


def _into(case: Case, starts: pd.DataFrame) -> list[str]:
    first = case.places.first[starts["life"].to_numpy()]
    pipes = case.pipes[np.isin(case.pipes["writer"], first)]
    writer, reader = pipes["writer"].to_numpy(np.int64), pipes["reader"].to_numpy(np.int64)
    waits = case.family.comes_from(writer, reader)
    kinds = dict.fromkeys(writer.tolist(), "shell")
    kinds |= dict.fromkeys(writer[~waits].tolist(), "another")
    return [kinds.get(life, "") for life in first.tolist()]


def _quiet(case: Case, starts: pd.DataFrame) -> list[bool]:
    """Whether the line throws output away: grep then does not write any."""
    source = {place: case.place(place).source or "" for place in starts["place"].unique().tolist()}
    return [QUIET.search(source[place]) is not None for place in starts["place"].tolist()]


def _verdict(
    name: str,
    argv: tuple[str, ...],
    files: int,
    piped: bool,
    into: str,
    shell: Dialect,
    quiet: bool,
) -> tuple[str, Idiom]:
    """The rule and what to write, for a program with these arguments; none if there is none."""
    nothing = "", Idiom("", 0)
    if name == "cat":
        found = _cat(argv, files, piped, into, shell)
        return (USELESS_CAT, found) if found else nothing
    of_file = files == 1 and not piped
    if name in BUILTIN and (name != "head" or of_file):
        found = BUILTIN[name](argv, shell)
        return (BY_BUILTIN, found) if found else nothing
    if name not in TEXT or not (name in OF_ARGUMENTS or (piped and not files)):
        return nothing
    words = ("-q", *argv) if quiet and name.endswith("grep") else argv
    found = TEXT[name](words, shell)
    return (BY_EXPANSION, found) if found else nothing


def _cat(argv: tuple[str, ...], files: int, piped: bool, into: str, shell: Dialect) -> Idiom | None:
    if not into or any(word.startswith("-") for word in argv) or len(argv) != files:
        return None
    if not argv and piped:
        return Idiom("nothing", 0)
    if len(argv) != 1 or piped:
        return None
    if into == "another":
        return Idiom("<file behind what reads it (behind the done of a loop)", 0)
    if not shell.is_bash():
        return None
    return Idiom("$(<file)", costs.READ_FILE if shell.is_bash(5, 2) else costs.SUBSHELL)


def _fed_by_shells(case: Case, found: pd.DataFrame) -> pd.DataFrame:
    """Without those of `BY_EXPANSION` that read what another program writes, or a cat reads."""
    reads = found["piped"] & (found["code"] == BY_EXPANSION)
    of_files = (found["code"] == USELESS_CAT) & (found["files"] > 0)
    pipes = case.pipes.assign(reader=case.places.first[case.pipes["reader"]])
    while True:
        first = case.places.first[found["life"].to_numpy()]
        of = pipes[np.isin(pipes["reader"], first[reads.to_numpy()])]
        by_shells = found["life"][~of_files].to_numpy()
        strange = of["reader"][~_is_shells(case, of, by_shells)]
        good = ~(np.isin(first, strange) & reads.to_numpy())
        if good.all():
            return found.reset_index(drop=True)
        found, reads, of_files = found[good], reads[good], of_files[good]


def _is_shells(case: Case, pipes: pd.DataFrame, spared: Int64) -> Bools:
    """For each writer of a pipe whether it is a shell that runs no program that is not spared."""
    writer, reader = pipes["writer"].to_numpy(np.int64), pipes["reader"].to_numpy(np.int64)
    above = case.family.comes_from(reader, writer)
    programs = case.family.count(np.flatnonzero(case.places.executed), writer)
    found: Bools = above | (programs == case.family.count(spared, writer))
    return found
