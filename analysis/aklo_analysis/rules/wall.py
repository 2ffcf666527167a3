"""Provisional: what of the critical path is known without knowing who waited for whom."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from aklo_analysis.calls import UNKNOWN
from aklo_analysis.causes import Causes
from aklo_analysis.lives import Lives
from aklo_analysis.measure import own_ns


@dataclass(frozen=True)
class Wall:
    """`segments`: `ns`, `life` or `UNKNOWN`, and `cause` of each stretch."""

    wall_ns: int
    segments: pd.DataFrame


def provisional(wall_ns: int, lives: Lives, causes: Causes, charges: pd.DataFrame) -> Wall:
    """As if nothing ran side by side: a segment for the work of each life that runs no shell
    code, and one for all other work of each cause."""
    others = np.flatnonzero(~causes.shells)
    ns = own_ns(lives.table).to_numpy(np.int64)[others]
    cause = causes.of_lives[others]
    rest = own_ns(charges).to_numpy(np.int64)
    np.subtract.at(rest, cause, ns)
    columns = {
        "ns": np.concatenate([ns, rest]),
        "life": np.concatenate([others, np.full(len(rest), UNKNOWN)]),
        "cause": np.concatenate([cause, np.arange(causes.count)]),
    }
    return Wall(wall_ns, pd.DataFrame(columns))
