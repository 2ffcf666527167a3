"""Values that may be missing, out of pandas into plain Python and numpy."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

Objects = npt.NDArray[np.object_]


def known_values(column: pd.Series[Any], missing: int = 0) -> npt.NDArray[np.int64]:
    """A nullable integer column as plain int64, with `missing` for null."""
    return column.to_numpy(dtype=np.int64, na_value=missing)


def objects(column: pd.Series[Any]) -> Objects:
    """A column of texts or tuples as Python objects, with None for null."""
    values: Objects = column.astype("object").where(column.notna(), None).to_numpy()
    return values


def optional(value: Any) -> Any:
    """None for the null of any dtype, else the value."""
    return None if pd.isna(value) else value


def optional_int(value: Any) -> int | None:
    return None if pd.isna(value) else int(value)
