"""Time on the critical path in calls that were not recorded, where only some were, and where it is
not known when threads had no CPU."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from aklo_analysis.between import TIMES
from aklo_analysis.lives import Lives
from aklo_analysis.wall.blame import Parts
from aklo_analysis.wall.doings import CODES
from aklo_analysis.wall.segments import Segments

Codes = npt.NDArray[np.int8]


def cut(found: Segments, parts: Parts, doing: Codes, lives: Lives) -> tuple[Parts, Codes]:
    """Divide the parts outside calls, and what was done in them, in two: what a life did not
    compute there comes last, in the proportion that such time has in all that it spent outside
    calls. `doing` are places in `DOINGS`."""
    table, life = lives.table, found.life[parts.segment]
    outside_ns = np.maximum(table[[*TIMES]].sum(axis=1).to_numpy(), 1)
    share = (table["unrecorded_ns"].to_numpy() / outside_ns)[life]
    start_ns = found.start_ns[parts.segment]
    there = table["start_ns"].to_numpy()[life] <= start_ns
    there &= start_ns < table["end_ns"].to_numpy()[life]
    there &= ~found.in_call[parts.segment]
    unrecorded_ns = np.where(there, np.rint(share * parts.ns), 0).astype(np.int64)
    ns = np.column_stack([parts.ns - unrecorded_ns, unrecorded_ns]).ravel()
    codes = np.repeat(doing, 2)
    codes[1::2] = CODES["unrecorded"]
    some = np.flatnonzero(ns)
    whole = Parts(np.repeat(parts.segment, 2)[some], ns[some], np.repeat(parts.cause, 2)[some])
    return whole, codes[some]
