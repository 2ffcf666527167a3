"""Which arguments of each call are needed, and where they stand."""

from __future__ import annotations

from enum import IntEnum
from functools import cache
from typing import Final

import numpy as np
import numpy.typing as npt

from aklo_trace.strace.calls import EXECS, EXITS, OFFSET_FROM_END, SPAWNS, WRITES_PAIR, codes
from aklo_trace.strace.line import Part
from aklo_trace.syscalls import NONE, Syscall, table


class Shape(IntEnum):
    """Which arguments are needed."""

    EXACT = 0
    """Left to the exact reader."""
    NOTHING = 1
    FD = 2
    FD_FD = 3
    PATH = 4
    DIRFD_PATH = 5
    MAPPED_FD = 6
    FD_OFFSET = 7
    STATUS = 8
    SPAWN = 9
    EXEC = 10
    FD_ALONE = 11
    OFFSET = 12


@cache
def shapes() -> npt.NDArray[np.int8]:
    """The shape by part of a call and its code."""
    by_part = {
        Part.WHOLE: [_shape(call) for call in table()],
        Part.BEGIN: [_begun(call) for call in table()],
        Part.END: [_ended(call) for call in table()],
    }
    return np.array([by_part[part] for part in Part], np.int8)


def _begun(call: Syscall) -> Shape:
    if call.code in OFFSET_FROM_END:
        return Shape.FD_ALONE
    whole = _shape(call)
    return Shape.EXACT if whole is Shape.FD_OFFSET else whole


def _ended(call: Syscall) -> Shape:
    if call.code in WRITES_PAIR:
        return Shape.EXACT
    if call.code not in OFFSET_FROM_END:
        return Shape.NOTHING
    return Shape.OFFSET if _shape(call) is Shape.FD_OFFSET else Shape.EXACT


def _shape(call: Syscall) -> Shape:
    if call.code in EXITS:
        return Shape.STATUS
    if call.code in SPAWNS:
        return Shape.SPAWN
    if call.code in EXECS:
        return Shape.EXEC if call.name == "execve" else Shape.EXACT
    if call.path2 or call.code in WRITES_PAIR:
        return Shape.EXACT
    if call.code in codes("mmap", "mmap2"):
        return Shape.MAPPED_FD
    if call.code in codes("pread64", "pwrite64"):
        return Shape.FD_OFFSET
    path = None if call.path is None else (call.path.dirfd, call.path.index)
    needs = (call.fd, call.fd2, path, call.offset)
    return _SHAPES.get(needs, Shape.EXACT)


_SHAPES: Final = {
    (NONE, NONE, None, NONE): Shape.NOTHING,
    (0, NONE, None, NONE): Shape.FD,
    (0, 1, None, NONE): Shape.FD_FD,
    (NONE, NONE, (NONE, 0), NONE): Shape.PATH,
    (NONE, NONE, (0, 1), NONE): Shape.DIRFD_PATH,
}
