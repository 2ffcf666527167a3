"""The files that shells source.

`source` opens a file, asks for its size, reads it in one piece and closes it, before it runs what
it has read; nothing else in a shell does just that.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from aklo_analysis.calls import UNKNOWN, among
from aklo_analysis.rules.case import Case

Int64 = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

STEPS: Final = ("open", "stat", "read", "close")
"""Activities, one right after the other but for what memory that takes, on one file."""


def sourced(case: Case) -> pd.DataFrame:
    """A row for each time that a file was sourced, by life and time:

    =======  =====  ======================================================
    life     int64  the shell's, a row of `lives.table`
    ts_ns    int64  when it was opened
    read_ns  int64  when the next call after it began, or the life ended
    file     int64  a row of `frames.files`
    cause    int64  of the command, as `causes` numbers them
    =======  =====  ======================================================
    """
    rows = case.order.calls
    rows = rows[~among(case.calls["activity"], ("memory",))[rows]]
    first, *others = (
        (among(case.calls["activity"], (step,)) & ~case.calls["failed"].to_numpy())[rows]
        for step in STEPS
    )
    begins = np.flatnonzero(first[: max(len(rows) - len(others), 0)])
    life, file = case.lives.of_calls, case.calls["file"].to_numpy()
    opens = rows[begins]
    found = case.causes.shells[life[opens]] & (file[opens] >= 0)
    for place, step in enumerate(others, 1):
        then = rows[begins + place]
        found &= step[begins + place] & (life[then] == life[opens]) & (file[then] == file[opens])
    begins = begins[found]
    return _frame(case, rows[begins], np.append(rows, UNKNOWN)[begins + len(STEPS)])


def _frame(case: Case, calls: Int64, after: Int64) -> pd.DataFrame:
    """`after`: the call that came next, of whichever life, or `UNKNOWN`."""
    life, ts_ns = case.lives.of_calls, case.frames.syscalls["ts_ns"].to_numpy()
    goes_on = (after != UNKNOWN) & (np.append(life, UNKNOWN)[after] == life[calls])
    end_ns = case.lives.table["end_ns"].to_numpy()[life[calls]]
    return pd.DataFrame(
        {
            "life": life[calls],
            "ts_ns": ts_ns[calls],
            "read_ns": np.where(goes_on, np.append(ts_ns, 0)[after], end_ns),
            "file": case.calls["file"].to_numpy(np.int64)[calls],
            "cause": case.causes.of_calls[calls],
        }
    )
