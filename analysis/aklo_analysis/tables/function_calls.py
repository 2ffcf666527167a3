"""Calls of bash functions, counted one by one: of recordings with --function-calls."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from aklo_analysis.frames import Frames
from aklo_analysis.nullable import optional


@dataclass(frozen=True, slots=True)
class FunctionCallRow:
    """`function` is None where names could not be read. Times include those of the functions that
    it called; `open` calls had not ended, and are in none. `failed` returned another status
    than 0."""

    function: str | None
    file: str | None
    calls: int
    total_ns: int
    mean_ns: int
    max_ns: int
    failed: int
    open: int


@dataclass(frozen=True, slots=True)
class FunctionCalls:
    """The functions that took longest; `others` come after them, with `other_calls`."""

    rows: tuple[FunctionCallRow, ...]
    others: int
    other_calls: int
    calls: int


def function_calls(frames: Frames, top: int) -> FunctionCalls:
    calls = pd.DataFrame(
        {
            "function": frames.calls["function"],
            "file": frames.calls["file"],
            "dur_ns": frames.calls["dur_ns"],
            "failed": (frames.calls["exit_status"].fillna(0) != 0).astype("int64"),
            "open": frames.calls["dur_ns"].isna().astype("int64"),
        }
    )
    groups = calls.groupby(["function", "file"], observed=True, dropna=False)
    found = groups.agg(
        calls=("open", "size"),
        total_ns=("dur_ns", "sum"),
        max_ns=("dur_ns", "max"),
        failed=("failed", "sum"),
        open=("open", "sum"),
    )
    ordered = found.reset_index().sort_values(["total_ns", "calls"], ascending=False, kind="stable")
    rest = ordered.iloc[top:]
    return FunctionCalls(
        rows=tuple(_row(row) for _, row in ordered.iloc[:top].iterrows()),
        others=len(rest),
        other_calls=int(rest["calls"].sum()),
        calls=len(calls),
    )


def _row(row: pd.Series) -> FunctionCallRow:
    ended = int(row["calls"]) - int(row["open"])
    total_ns = int(row["total_ns"])
    return FunctionCallRow(
        function=optional(row["function"]),
        file=optional(row["file"]),
        calls=int(row["calls"]),
        total_ns=total_ns,
        mean_ns=total_ns // ended if ended else 0,
        max_ns=int(row["max_ns"]) if ended else 0,
        failed=int(row["failed"]),
        open=int(row["open"]),
    )
