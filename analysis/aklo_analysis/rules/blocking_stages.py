"""SH14: a stage of a pipeline that keeps the others from running.

Two ways are known. A loop of shell code is slower than the programs around it, and what writes to
it stands still, its pipe being full. And a program that hands nothing on before it has everything
makes those before and behind it work in turn. That a stage waits for the network, a timer or the
user is not its fault, nor is it that of a program which just has much to do.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np
import numpy.typing as npt

from aklo_analysis.calls import UNKNOWN
from aklo_analysis.measure import own_ns
from aklo_analysis.nullable import known_values
from aklo_analysis.rules.case import Case
from aklo_analysis.rules.claim import instead
from aklo_analysis.rules.pipelines import Joint, Pipelines, pipelines
from aklo_analysis.rules.rule import COST, Candidate, Rule, Threshold
from aklo_analysis.rules.stretches import in_lives, line_of_causes
from aklo_analysis.units import duration, size

Int64 = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

BLOCKED: Final = Threshold(
    "blocked_percent", "percent", 20, "how long others could have worked, of its time"
)

IDLE: Final = ("sleep", "network", "terminal", "pipe", "lock", "unseen", "stopped")
"""Doings for which nobody's work can be made shorter."""
STARTING: Final = ("process", "startup")
"""Doings that become few where one program does what shell code did."""
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


def check(case: Case) -> Iterator[Candidate]:
    found = pipelines(case)
    for stage in found.stages:
        yield from _slow(case, found, stage)
        yield from _collecting(case, found, stage)


def _slow(case: Case, found: Pipelines, stage: int) -> Iterator[Candidate]:
    """Most of the time in which the user waits for it is that of shell code."""
    rows, into = _all_rows(case, {stage}), found.into(stage)
    shell = _busy(case, rows[_is_shell_work(case, rows)])
    cost_ns = _sum(case, shell)
    if not cost_ns or 2 * cost_ns < _sum(case, rows):
        return
    stood_ns = {joint.source: _stood_still_ns(case, joint) for joint in into}
    source = max(stood_ns, key=lambda one: stood_ns[one])
    around = found.before(stage) | found.behind(stage)
    next_ns = max(_work_ns(case, other) for other in around)
    waits = f"{_name(case, source)} stood still for {duration(stood_ns[source])}: its pipe was full"
    yield Candidate(
        place=case.place(_reading_line(case, stage, into)),
        title=f"a loop keeps {_name(case, source)} waiting",
        cost_ns=cost_ns,
        claim=instead(shell, case.segments_ns, max(next_ns, LEFT * cost_ns)),
        advice=FASTER,
        evidence=(waits, f"the busiest other stage works for {duration(next_ns)}"),
        seen={BLOCKED.name: 100 * stood_ns[source] / cost_ns},
    )


def _collecting(case: Case, found: Pipelines, stage: int) -> Iterator[Candidate]:
    """It writes nothing before it has read the end: then what is behind it begins. What is before
    it counts from when there was something to hand on."""
    read_ns = _input(case, stage, found.into(stage))
    first_ns = _output_began(case, stage, found.out_of(stage))
    if read_ns is None or first_ns is None or first_ns < read_ns[1] or case.meta.cpus == 1:
        return
    begin_ns = case.wall.segments["start_ns"].to_numpy()
    sides = found.before(stage), found.behind(stage)
    early, late = (_busy(case, _all_rows(case, side)) for side in sides)
    early = early[(begin_ns[early] >= read_ns[0]) & (begin_ns[early] < read_ns[1])]
    late = late[begin_ns[late] >= first_ns]
    early_ns, late_ns = _sum(case, early), _sum(case, late)
    shorter, longer_ns = (early, late_ns) if early_ns < late_ns else (late, early_ns)
    name, moved = _name(case, stage), _written(case, stage, found.out_of(stage))
    advice = UNBUFFERED if moved <= BUFFER_BYTES and name not in COLLECTORS else LATER
    cost_ns = _sum(case, shorter)
    yield Candidate(
        place=case.place(_line_of(case, stage)),
        title=f"{name} hands nothing on before it has everything",
        cost_ns=cost_ns,
        claim=instead(shorter, case.segments_ns, 0),
        advice=advice.format(program=name),
        evidence=(
            f"{duration(early_ns)} of work before it, then {duration(late_ns)} behind it, "
            "which could be at the same time",
            f"it hands on {size(moved)}",
        ),
        seen={BLOCKED.name: 100 * cost_ns / longer_ns if longer_ns else 0},
    )


def _all_rows(case: Case, stages: set[int]) -> Int64:
    """The segments in which the user waits for these stages."""
    return in_lives(case, case.family.of(np.array([*stages], np.int64)))


def _busy(case: Case, rows: Int64) -> Int64:
    """Those of the segments in which they do not wait for somebody outside."""
    found: Int64 = rows[~case.wall.segments["doing"].isin(IDLE).to_numpy()[rows]]
    return found


def _sum(case: Case, rows: Int64) -> int:
    return int(case.segments_ns[rows].sum())


def _is_shell_work(case: Case, rows: Int64) -> Bools:
    """Which segments are work of shell code, or starting what it starts."""
    pieces = case.wall.segments
    shell = np.append(case.causes.shells, False)[pieces["life"].to_numpy()[rows]]
    found: Bools = shell | pieces["doing"].isin(STARTING).to_numpy()[rows]
    return found


def _calls(case: Case, stage: int, pipes: list[Joint], activity: str) -> Int64:
    """The calls of a stage on these pipes."""
    mine = case.family.of(np.array([stage]))[case.lives.of_calls]
    on = np.isin(case.calls["file"].to_numpy(), [joint.pipe for joint in pipes])
    return np.flatnonzero(mine & on & (case.calls["activity"] == activity).to_numpy())


def _stood_still_ns(case: Case, joint: Joint) -> int:
    calls = _calls(case, joint.source, [joint], "pipe_write")
    return int(case.calls["wait_ns"].to_numpy()[calls].sum())


def _work_ns(case: Case, stage: int) -> int:
    mine = case.family.of(np.array([stage]))
    return int(own_ns(case.lives.table)[mine].sum())


def _input(case: Case, stage: int, into: list[Joint]) -> tuple[int, int] | None:
    """When it had read something, and when the end; None if it did not read that far."""
    reads = _calls(case, stage, into, "pipe_read")
    reads = reads[~case.calls["failed"].to_numpy()[reads]]
    ended = case.calls["bytes"].to_numpy()[reads] == 0
    done_ns = case.frames.syscalls["ts_ns"] + known_values(case.frames.syscalls["dur_ns"])
    done_ns = done_ns.to_numpy()[reads]
    if not ended.any() or ended.all():
        return None
    return int(done_ns[~ended].min()), int(done_ns[ended].max())


def _output_began(case: Case, stage: int, out: list[Joint]) -> int | None:
    writes = _calls(case, stage, out, "pipe_write")
    return int(case.frames.syscalls["ts_ns"].to_numpy()[writes].min()) if len(writes) else None


def _written(case: Case, stage: int, out: list[Joint]) -> int:
    writes = _calls(case, stage, out, "pipe_write")
    return int(case.calls["bytes"].to_numpy()[writes].sum())


def _name(case: Case, stage: int) -> str:
    """The program that a stage runs; of shell code, the shell's."""
    table = case.lives.table
    process = table["process"].to_numpy()
    last = np.flatnonzero(process == process[stage])[-1]
    name = case.names[table["image"].to_numpy()[last]]
    return "a loop" if case.causes.shells[last] and not table["executed"][last] else str(name)


def _line_of(case: Case, stage: int) -> int:
    """The line that forked it, or else that executed its program."""
    process = case.lives.table["process"].to_numpy()
    causes = case.causes.of_lives[process == process[stage]]
    lines = line_of_causes(case)[causes]
    return int(lines[np.argmax(lines != UNKNOWN)])


def _reading_line(case: Case, stage: int, into: list[Joint]) -> int:
    """The line that reads its input: that of the loop."""
    cause = case.causes.of_calls[_calls(case, stage, into, "pipe_read")]
    lines, counts = np.unique(line_of_causes(case)[cause], return_counts=True)
    return int(lines[counts.argmax()]) if len(lines) else UNKNOWN


RULE: Final = Rule("SH14", "a pipeline stage that blocks the others", check, (*COST, BLOCKED))
