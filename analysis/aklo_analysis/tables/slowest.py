"""The single calls that took longest."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from aklo_analysis.frames import Frames
from aklo_analysis.lives import Lives
from aklo_analysis.nullable import Objects, optional, optional_int


@dataclass(frozen=True, slots=True)
class SlowCall:
    """`start_ns` counts from the start of the trace, None if times are not known. `program`
    ran the call; `path` is the file it worked on, `kind` what that is, and `fd` the descriptor."""

    start_ns: int | None
    dur_ns: int
    syscall: str
    pid: int
    program: str | None
    path: str | None
    kind: str | None
    fd: int | None
    bytes: int | None
    errno: int | None


def slowest(
    frames: Frames,
    calls: pd.DataFrame,
    lives: Lives,
    names: Objects,
    started_ns: int | None,
    top: int,
) -> tuple[SlowCall, ...]:
    """The slowest calls that work; calls that wait for somebody else are left out. `names`
    as `program_names` gives them."""
    work_ns = calls["work_ns"].to_numpy()
    least_ns = np.partition(work_ns, -top)[-top] if len(work_ns) > top else 0
    rows = np.flatnonzero((work_ns >= least_ns) & (work_ns > 0))
    ordered = rows[np.argsort(-work_ns[rows], kind="stable")][:top]
    moved = frames.column("bytes").iloc[ordered]
    programs = names[lives.table["image"].to_numpy()[lives.of_calls[ordered]]]
    return tuple(
        _slow_call(frames, calls, row, program, started_ns, optional_int(count))
        for row, program, count in zip(ordered.tolist(), programs, moved, strict=True)
    )


def _slow_call(
    frames: Frames,
    calls: pd.DataFrame,
    row: int,
    program: str | None,
    started_ns: int | None,
    moved: int | None,
) -> SlowCall:
    call, syscall = calls.iloc[row], frames.syscalls.iloc[row]
    file = int(call["file"])
    return SlowCall(
        start_ns=None if started_ns is None else int(syscall["ts_ns"]) - started_ns,
        dur_ns=int(call["work_ns"]),
        syscall=str(call["syscall"]),
        pid=int(syscall["pid"]),
        program=program,
        path=optional(frames.files["path"].iloc[file]) if file >= 0 else None,
        kind=optional(frames.files["kind"].iloc[file]) if file >= 0 else None,
        fd=optional_int(syscall["fd"]),
        bytes=moved,
        errno=optional_int(syscall["errno"]),
    )
