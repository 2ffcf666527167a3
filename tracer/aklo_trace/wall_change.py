"""How much longer a command took than before, and from when on it is slower."""

from __future__ import annotations

from typing import Final

OF_ONE_RUN: Final = 0.25
OF_MEDIANS: Final = 0.1
"""From which share on a command is slower, or faster: one run, which chance makes longer or
shorter, and the median of several."""
LEAST_NS: Final = 20_000_000
"""What is less is noise, however large a share it is."""


def change(before_ns: int | None, after_ns: int | None) -> float | None:
    """How much longer it took, as a share of before; less than 0 if shorter. None if that is not
    known."""
    return None if not before_ns or after_ns is None else after_ns / before_ns - 1


def is_slower(before_ns: int | None, after_ns: int | None, share: float) -> bool:
    """By more than a share."""
    return _differs(before_ns, after_ns) and (change(before_ns, after_ns) or 0) > share


def is_faster(before_ns: int | None, after_ns: int | None, share: float) -> bool:
    return _differs(before_ns, after_ns) and (change(before_ns, after_ns) or 0) < -share


def _differs(before_ns: int | None, after_ns: int | None) -> bool:
    return abs((after_ns or 0) - (before_ns or 0)) >= LEAST_NS
