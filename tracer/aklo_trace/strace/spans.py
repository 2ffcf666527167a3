"""Texts of a buffer, each distinct one once."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from aklo_trace.events import NO_STRING
from aklo_trace.strace.bytewise import Buffer, Mask, Positions


def distinct(
    buffer: Buffer, start: Positions, end: Positions, present: Mask
) -> tuple[npt.NDArray[np.int32], list[bytes]]:
    """The distinct texts between `start` and `end`, and each row's place among them,
    `NO_STRING` where none is `present`. The spans don't overlap."""
    codes = np.full(len(start), NO_STRING, np.int32)
    rows = np.flatnonzero(present)
    if not len(rows):
        return codes, []
    if (np.diff(start[rows]) < 0).any():
        rows = rows[np.argsort(start[rows])]
    # Every other element of this array is a span, the ones between are what lies between.
    borders = np.empty(2 * len(rows), np.int32)
    borders[0::2], borders[1::2] = start[rows], end[rows]
    text = pa.py_buffer(buffer.text)
    array = pa.BinaryArray.from_buffers(
        pa.binary(), len(borders) - 1, [None, pa.py_buffer(borders), text]
    )
    encoded = array.take(
        pa.array(np.arange(0, len(borders), 2, dtype=np.int32))
    ).dictionary_encode()
    codes[rows] = encoded.indices.to_numpy()
    return codes, encoded.dictionary.to_pylist()
