"""SH14: a stage of a pipeline that keeps the others from running.

Two ways are known. A loop of shell code is slower than the programs around it, and what writes to
it stands still, its pipe being full. And a program that hands nothing on before it has everything
makes those before and behind it work in turn. That a stage waits for the network, a timer or the
user is not its fault, nor is it that of a program which just has much to do.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import numpy.typing as npt

from aklo_analysis.calls import UNKNOWN
from aklo_analysis.measure import own_ns
from aklo_analysis.rules.case import Case
from aklo_analysis.rules.claim import instead
from aklo_analysis.rules.pipelines import Joint, Pipelines, pipelines
from aklo_analysis.rules.rule import SAVING as SAVING_OF_ALL
from aklo_analysis.rules.rule import SHARE, Candidate, Rule, Threshold
from aklo_analysis.rules.stretches import line_of_causes
from aklo_analysis.units import duration, size

Int64 = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

SAVING: Final = replace(SAVING_OF_ALL, default=10)
BLOCKED: Final = Threshold(
    "blocked_percent", "percent", 20, "how long others could have worked, of its time"
)

IDLE: Final = ("sleep", "network", "terminal", "pipe", "lock", "unseen", "stopped")
"""Doings for which nobody's work can be made shorter."""
STARTING: Final = ("process", "startup")
"""Doings that become few where one program does what shell code did."""
SMALL_SHARE: Final = 0.001
"""Of the wall time: what takes less is not looked at."""
LEFT: Final = 0.2
"""Of what shell code takes, the part that awk or the like would take."""
BUFFER_BYTES: Final = 65536
"""What a program keeps back at most because nobody told it to hand it on."""
COLLECTORS: Final = ("sort", "tac", "shuf", "column", "tsort", "sponge", "tail", "wc")
"""Programs that must have everything."""

FASTER: Final = (
    "Let one program do what the loop does (awk, sed), or take it out of the pipeline: what is "
    "before it could run on."
)
LATER: Final = (
    "Move {program} behind what is slow, or to the end; give it less (filter first): what is "
    "behind it cannot begin before it has everything."
)
UNBUFFERED: Final = (
    "{program} keeps its output back until its buffer is full: grep --line-buffered, sed -u, "
    "fflush() in awk, or stdbuf -oL {program}."
)


@dataclass(frozen=True)
class _View:
    """Of each life how long it and what comes from it `works_ns` and is `waited_ns` for, the `last`
    one of its process, and the `lines` that began it; of each segment whether it is `busy`, that
    is, nobody outside is waited for, and whether it is work of shell code, or starting what that
    starts (`shell`)."""

    case: Case
    found: Pipelines
    works_ns: Int64
    waited_ns: Int64
    last: Int64
    lines: Int64
    busy: Bools
    shell: Bools

    @classmethod
    def of(cls, case: Case) -> _View:
        table, doing = case.lives.table, case.wall.segments["doing"]
        shells = np.append(case.causes.shells, False)[case.wall.segments["life"].to_numpy()]
        process = table["process"]
        return cls(
            case,
            pipelines(case),
            case.family.sums(own_ns(table).to_numpy().astype(np.int64)),
            case.family.sums(case.life_ns),
            table.index.to_series().groupby(process).transform("max").to_numpy(np.int64),
            line_of_causes(case)[case.causes.of_lives],
            ~doing.isin(IDLE).to_numpy(),
            shells | doing.isin(STARTING).to_numpy(),
        )

    def sum_ns(self, rows: Int64) -> int:
        return int(self.case.segments_ns[rows].sum())

    def is_small(self, stages: set[int]) -> bool:
        """Whether the user waits too little for these stages."""
        waited_ns = int(self.waited_ns[[*stages]].sum())
        return waited_ns <= SMALL_SHARE * self.case.wall.wall_ns

    def waited_for(self, stages: set[int]) -> Int64:
        """The segments in which the user waits for these stages."""
        rows, _ = self.case.on_path.of_families(np.array([*stages], np.int64))
        return rows

    def name(self, stage: int) -> str:
        """The program that a stage runs; of shell code, that it is a loop."""
        case, last = self.case, self.last[stage]
        name = case.names[case.lives.table["image"].to_numpy()[last]]
        is_code = case.causes.shells[last] and not case.places.executed[last]
        return "a loop" if is_code else str(name)

    def line_of(self, stage: int) -> int:
        """The line that forked it, or else that executed its program."""
        forked, executed = self.lines[stage], self.lines[self.last[stage]]
        return int(forked if forked != UNKNOWN else executed)

    def reading_line(self, stage: int) -> int:
        """The line that reads its input: that of the loop."""
        calls = self.found.calls(stage, self.found.into(stage), "pipe_read")
        lines = line_of_causes(self.case)[self.case.causes.of_calls[calls]]
        numbers, counts = np.unique(lines, return_counts=True)
        return int(numbers[counts.argmax()]) if len(numbers) else UNKNOWN


def check(case: Case) -> Iterator[Candidate]:
    view = _View.of(case)
    for stage in view.found.stages:
        yield from _slow(view, stage)
        yield from _collecting(view, stage)


def _slow(view: _View, stage: int) -> Iterator[Candidate]:
    """Most of the time in which the user waits for it is that of shell code."""
    if view.is_small({stage}):
        return
    case, rows = view.case, view.waited_for({stage})
    shell = rows[view.shell[rows] & view.busy[rows]]
    cost_ns = view.sum_ns(shell)
    if 2 * cost_ns < view.sum_ns(rows) or cost_ns <= SMALL_SHARE * case.wall.wall_ns:
        return
    stood_ns = {joint.source: _stood_still_ns(view, joint) for joint in view.found.into(stage)}
    source = max(stood_ns, key=lambda one: stood_ns[one])
    around = view.found.before(stage) | view.found.behind(stage)
    next_ns = max(int(view.works_ns[other]) for other in around)
    name = view.name(source)
    yield Candidate(
        place=case.place(view.reading_line(stage)),
        title=f"a loop keeps {name} waiting",
        cost_ns=cost_ns,
        claim=instead(shell, case.segments_ns, max(next_ns, LEFT * cost_ns)),
        advice=FASTER,
        evidence=(
            f"{name} stood still for {duration(stood_ns[source])}: its pipe was full",
            f"the busiest other stage works for {duration(next_ns)}",
        ),
        seen={BLOCKED.name: 100 * stood_ns[source] / cost_ns},
    )


def _collecting(view: _View, stage: int) -> Iterator[Candidate]:
    """It writes nothing before it has read the end: then what is behind it begins. What is before
    it counts from when there was something to hand on."""
    case, found = view.case, view.found
    sides = found.before(stage), found.behind(stage)
    if any(map(view.is_small, sides)):
        return
    read_ns, first_ns = _input(view, stage), _output_began(view, stage)
    if read_ns is None or first_ns is None or first_ns < read_ns[1] or case.meta.cpus == 1:
        return
    begin_ns = case.wall.segments["start_ns"].to_numpy()
    early, late = (view.waited_for(side) for side in sides)
    early, late = early[view.busy[early]], late[view.busy[late]]
    early = early[(begin_ns[early] >= read_ns[0]) & (begin_ns[early] < read_ns[1])]
    late = late[begin_ns[late] >= first_ns]
    early_ns, late_ns = view.sum_ns(early), view.sum_ns(late)
    shorter, longer_ns = (early, late_ns) if early_ns < late_ns else (late, early_ns)
    cost_ns = view.sum_ns(shorter)
    if cost_ns <= SMALL_SHARE * case.wall.wall_ns:
        return
    name, moved = view.name(stage), _written(view, stage)
    advice = UNBUFFERED if moved <= BUFFER_BYTES and name not in COLLECTORS else LATER
    yield Candidate(
        place=case.place(view.line_of(stage)),
        title=f"{name} hands nothing on before it has everything",
        cost_ns=cost_ns,
        claim=instead(shorter, case.segments_ns, 0),
        advice=advice.format(program=name),
        evidence=(
            f"{duration(early_ns)} of work before it, then {duration(late_ns)} behind it, "
            "which could be at the same time",
            f"it hands on {size(moved)}",
        ),
        seen={BLOCKED.name: 100 * cost_ns / longer_ns},
    )


def _stood_still_ns(view: _View, joint: Joint) -> int:
    calls = view.found.calls(joint.source, [joint], "pipe_write")
    return int(view.case.calls["wait_ns"].to_numpy()[calls].sum())


def _input(view: _View, stage: int) -> tuple[int, int] | None:
    """When it had read something, and when the end; None if it did not read that far."""
    case = view.case
    reads = view.found.calls(stage, view.found.into(stage), "pipe_read")
    reads = reads[~case.calls["failed"].to_numpy()[reads]]
    ended = case.calls["bytes"].to_numpy()[reads] == 0
    done_ns = case.frames.syscalls["ts_ns"].to_numpy()[reads]
    done_ns = done_ns + case.calls["wait_ns"].to_numpy()[reads]
    if not ended.any() or ended.all():
        return None
    return int(done_ns[~ended].min()), int(done_ns[ended].max())


def _output_began(view: _View, stage: int) -> int | None:
    writes = view.found.calls(stage, view.found.out_of(stage), "pipe_write")
    return int(view.case.frames.syscalls["ts_ns"].to_numpy()[writes].min()) if len(writes) else None


def _written(view: _View, stage: int) -> int:
    writes = view.found.calls(stage, view.found.out_of(stage), "pipe_write")
    return int(view.case.calls["bytes"].to_numpy()[writes].sum())


RULE: Final = Rule(
    "SH14", "a pipeline stage that blocks the others", check, (SAVING, SHARE, BLOCKED)
)
