"""Calls of bash functions, counted one by one: of recordings with --function-calls."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from aklo_analysis.calls import categories, positions
from aklo_analysis.frames import Frames
from aklo_analysis.nullable import optional


@dataclass(frozen=True, slots=True)
class FunctionCallRow:
    """`function` is None where names could not be read. Times include those of the functions that
    it called; `total_ns` is of the calls that were not made within another of the same function.
    `open` calls had not ended, and are in none. `failed` returned another status than 0."""

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
            "outer_ns": frames.calls["dur_ns"].mask(_recursive(frames), 0),
            "failed": (frames.calls["exit_status"].fillna(0) != 0).astype("int64"),
            "open": frames.calls["dur_ns"].isna().astype("int64"),
        }
    )
    groups = calls.groupby(["function", "file"], observed=True, dropna=False)
    found = groups.agg(
        calls=("open", "size"),
        total_ns=("outer_ns", "sum"),
        all_ns=("dur_ns", "sum"),
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


def _recursive(frames: Frames) -> npt.NDArray[np.bool_]:
    """Which calls were made within another call of the same function, be it in a process that
    forked this one: it is on the stack of the code that called it."""
    site = positions(frames.sites, "site_id", frames.calls["site_id"]).astype(np.int64)
    names, code = categories(frames.calls["function"])
    pairs, place = np.unique(np.stack([site, code]), axis=1, return_inverse=True)
    rows = frames.sites[["stack", "lines"]].itertuples(index=False)
    around = [*(_functions(*row) for row in rows), frozenset[str]()]
    found = [[*names, None][name] in around[row] for row, name in pairs.T.tolist()]
    return np.array(found, dtype=bool)[place.ravel()]


def _functions(stack: tuple[str, ...], lines: tuple[int | None, ...]) -> frozenset[str]:
    """The functions of a stack, without the script itself, which bash calls main."""
    return frozenset(stack[1:] if lines and lines[0] is None else stack)


def _row(row: pd.Series) -> FunctionCallRow:
    ended = int(row["calls"]) - int(row["open"])
    return FunctionCallRow(
        function=optional(row["function"]),
        file=optional(row["file"]),
        calls=int(row["calls"]),
        total_ns=int(row["total_ns"]),
        mean_ns=int(row["all_ns"]) // ended if ended else 0,
        max_ns=int(row["max_ns"]) if ended else 0,
        failed=int(row["failed"]),
        open=int(row["open"]),
    )
