"""What a trace has of everything that can be compared."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from aklo_analysis.alerts.facts import Facts
from aklo_analysis.alerts.metrics import METRICS
from aklo_analysis.alerts.quantity import COUNT, DURATION, Quantity
from aklo_analysis.calls import among, categories
from aklo_analysis.causes import APART
from aklo_analysis.charges import charges
from aklo_analysis.keys import SCRIPT, commands
from aklo_analysis.measure import own_ns
from aklo_analysis.rules.case import Case
from aklo_analysis.tables.caches import caches
from aklo_analysis.tables.files import named_files
from aklo_analysis.tables.summary import summary
from aklo_trace.meta import MEASURED, ORDER, Meta

Int64 = npt.NDArray[np.int64]

TOTAL, PROGRAM, COMMAND, FUNCTION, LINE, CALL, FILE, CACHE = KINDS = (
    *("total", "program", "command", "function", "line"),
    *("syscall", "file", "cache"),
)
"""What an entry is: the whole trace, or a part of it."""


@dataclass(frozen=True, slots=True)
class Entry:
    """`name` is that of a program, a command with its arguments, a function, a path …, and of the
    whole trace nothing. `file` and `number` are those of a line, `file` also that of a function.
    `relative`: the number is not the line's own in the file. `gone`: it is a line of before that
    is not there any more, whatever has its number now."""

    kind: str
    name: str
    file: str | None = None
    number: int | None = None
    relative: bool = False
    gone: bool = False


WHOLE: Final = Entry(TOTAL, "")


@dataclass(frozen=True, slots=True)
class Measure:
    """`title` is what people call it."""

    key: str
    title: str
    quantity: Quantity


COUNTED: Final = (
    *("processes", "subshells", "programs_started", "calls", "failed_calls"),
    *("bytes", "memory", "wall_time", "work_time", "cpu_time"),
)
"""Metrics of alerts that are compared for the whole trace."""
OF_PARTS: Final = (
    Measure("starts", "programs started", COUNT),
    Measure("forks", "processes begun", COUNT),
    Measure("count", "calls", COUNT),
    Measure("opens", "opened, or tried to", COUNT),
    Measure("lookups", "lookups", COUNT),
    Measure("misses", "misses", COUNT),
    Measure("rewrites", "rewrites", COUNT),
    Measure("wall", "of the wall time", DURATION),
    Measure("work", "work", DURATION),
)
MEASURES: Final = {
    measure.key: measure
    for measure in (
        *(Measure(key, key.replace("_", " "), METRICS[key].quantity) for key in COUNTED),
        *OF_PARTS,
    )
}
"""By their keys. Of all of them more is worse."""


@dataclass(frozen=True)
class Amounts:
    """`of`: by entry and the key of a measure, what there is of it; of parts not, where there is
    none, and of the whole trace not, where that is not known.
    `texts`: of lines, if they can be read; `around`: the functions that lines are in; `does`: what
    was done in a line, as a line of another trace does too, which has another number."""

    meta: Meta
    of: Mapping[Entry, Mapping[str, int]]
    texts: Mapping[Entry, str]
    around: Mapping[Entry, str]
    does: Mapping[Entry, frozenset[str]]

    @classmethod
    def seen(cls, case: Case) -> Amounts:
        found: dict[Entry, dict[str, int]] = defaultdict(dict)
        for table in TABLES:
            for entry, key, amount in table(case):
                if amount or entry == WHOLE:
                    found[entry][key] = amount
        lines = [_line(case, number) for number in range(len(case.stacks.lines))]
        text = {
            entry: case.sources.of(line).text
            for entry, line in zip(lines, case.stacks.lines, strict=True)
        }
        return cls(
            meta=case.meta,
            of=dict(found),
            texts={entry: found for entry, found in text.items() if found},
            around={
                entry: case.stacks.functions[place].name or SCRIPT
                for entry, place in zip(lines, case.stacks.around, strict=True)
            },
            does=_does(case, lines),
        )

    def tells(self, measure: Measure) -> bool:
        """Whether the trace says anything of it. If not, that is not nothing."""
        if measure in OF_PARTS:
            return measure.quantity is not DURATION or self.meta.timing == MEASURED
        return measure.key in self.of.get(WHOLE, ())


Found = Iterator[tuple[Entry, str, int]]
Table = Callable[[Case], Found]


def _totals(case: Case) -> Found:
    facts = Facts(case.meta, case.frames, case.calls, summary(case.frames, case.lives), (), ())
    for key in COUNTED:
        read = METRICS[key].read(facts, None)
        if read is not None and len(read.amounts):
            yield WHOLE, key, int(read.amounts[0])


def _programs(case: Case) -> Found:
    yield from _starts(PROGRAM, case.names[:-1].tolist())
    life_ns = Counter[str]()
    programs = case.names[case.lives.table["image"].to_numpy()].tolist()
    for program, ns in zip(programs, case.life_ns.tolist(), strict=True):
        if program is not None:
            life_ns[program] += ns
    yield from ((Entry(PROGRAM, name), "wall", ns) for name, ns in life_ns.items())


def _commands(case: Case) -> Found:
    names = commands(case)
    yield from _starts(COMMAND, names[:-1].tolist())
    work_ns = Counter[str]()
    lives = names[case.lives.table["image"].to_numpy()].tolist()
    for command, ns in zip(lives, own_ns(case.lives.table).tolist(), strict=True):
        if command is not None:
            work_ns[command] += ns
    yield from ((Entry(COMMAND, name), "work", ns) for name, ns in work_ns.items())


def _starts(kind: str, names: Iterable[str | None]) -> Found:
    starts = Counter(name for name in names if name is not None)
    yield from ((Entry(kind, name), "starts", number) for name, number in starts.items())


def _code(case: Case) -> Found:
    """Functions and lines, by what is charged to each alone."""
    charged = charges(case.frames, case.calls, case.lives, case.causes)
    wall_ns = np.zeros(case.causes.count, np.int64)
    np.add.at(wall_ns, case.wall.segments["cause"].to_numpy(np.int64), case.segments_ns)
    columns = {
        "starts": charged["starts"].to_numpy(np.int64),
        "forks": charged["forks"].to_numpy(np.int64),
        "wall": wall_ns,
    }
    functions = [Entry(FUNCTION, one.name or SCRIPT, one.file) for one in case.stacks.functions]
    lines = [_line(case, number) for number in range(len(case.stacks.lines))]
    for entries, places in (functions, case.stacks.function_of), (lines, case.stacks.line_of):
        for key, amounts in columns.items():
            sums = np.zeros(len(entries), np.int64)
            np.add.at(sums, places, amounts[len(APART) :])
            yield from zip(entries, [key] * len(entries), sums.tolist(), strict=True)


def _line(case: Case, number: int) -> Entry:
    line = case.stacks.lines[number]
    around = "" if line.function is None else case.stacks.functions[line.function].name or SCRIPT
    return Entry(LINE, around, line.file, line.number, line.relative)


def _does(case: Case, lines: list[Entry]) -> dict[Entry, frozenset[str]]:
    """Of each line the names of the programs that were started, and of system calls made, there."""
    found: dict[Entry, set[str]] = {entry: set() for entry in lines}
    images = case.names[case.lives.table["image"].to_numpy()]
    names, codes = categories(case.calls["syscall"])
    calls = np.unique(np.stack([case.causes.of_calls, codes.astype(np.int64)]), axis=1)
    done = [(cause, names[code]) for cause, code in calls.T.tolist()]
    done += zip(case.causes.of_lives.tolist(), images.tolist(), strict=True)
    for cause, name in done:
        if cause >= len(APART) and name is not None:
            found[lines[int(case.stacks.line_of[cause - len(APART)])]].add(name)
    return {entry: frozenset(names) for entry, names in found.items()}


def _calls(case: Case) -> Found:
    names, codes = categories(case.calls["syscall"])
    counts = np.bincount(codes, minlength=len(names)).tolist()
    yield from ((Entry(CALL, name), "count", n) for name, n in zip(names, counts, strict=True))


def _files(case: Case) -> Found:
    """Files that have a path: how often they were opened, and what was done with them."""
    files = named_files(case.frames)
    paths, is_path = files["name"].tolist(), files["is_path"].tolist()
    rows = case.calls["file"].to_numpy(np.int64)
    opened = rows[among(case.calls["activity"], ("open",))]
    columns = {"opens": (opened, None), "work": (rows, case.calls["work_ns"].to_numpy(np.int64))}
    for key, (file, weights) in columns.items():
        sums = np.zeros(len(paths), np.int64)
        np.add.at(sums, file, 1 if weights is None else weights)
        by_path = Counter[str]()
        for row in np.flatnonzero(sums).tolist():
            if is_path[row]:
                by_path[paths[row]] += int(sums[row])
        yield from ((Entry(FILE, path), key, amount) for path, amount in by_path.items())


def _caches(case: Case) -> Found:
    for row in caches(case.observed, case.meta.timing != ORDER):
        entry = Entry(CACHE, row.name)
        amounts: dict[str, Any] = {"lookups": row.lookups, "misses": row.misses}
        yield from ((entry, key, number) for key, number in amounts.items())
        yield entry, "rewrites", row.rewrites


TABLES: Final[tuple[Table, ...]] = (_totals, _programs, _commands, _code, _calls, _files, _caches)
