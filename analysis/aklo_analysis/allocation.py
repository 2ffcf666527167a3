"""Memory that one array leaves is taken by the next.

glibc takes a large array from the kernel and gives it back when it is freed; and the kernel clears
every page that it hands out. The analysis of a long trace makes hundreds of arrays of
millions of rows, so that much of its time would be the clearing of memory that it had before.
"""

from __future__ import annotations

import ctypes
from contextlib import suppress
from typing import Final

M_TRIM_THRESHOLD: Final = -1
M_MMAP_MAX: Final = -4
M_ARENA_MAX: Final = -8
"""Of mallopt(3)."""

NOT_GLIBC: Final = (OSError, AttributeError)
LARGEST_INT: Final = 2**31 - 1


def keep_freed_memory() -> None:
    """For all that this process allocates from now on; nothing where the C library is another."""
    with suppress(*NOT_GLIBC):
        mallopt = ctypes.CDLL(None).mallopt
        mallopt(M_MMAP_MAX, 0)
        mallopt(M_TRIM_THRESHOLD, LARGEST_INT)
        mallopt(M_ARENA_MAX, 1)


def give_back_freed_memory() -> None:
    """Where less is needed from now on: what is kept is in pieces, and new arrays come on top."""
    with suppress(*NOT_GLIBC):
        ctypes.CDLL(None).malloc_trim(0)
