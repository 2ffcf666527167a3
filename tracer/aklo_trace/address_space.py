"""What numpy, pandas and Arrow take of the address space, where that is limited (ulimit -v).

Each of their threads reserves a stack and an arena, and Arrow's own allocator a gigabyte. Where
that is refused they may end without a word, or wait for ever for a thread that there is not.
"""

from __future__ import annotations

import ctypes
import os
from contextlib import suppress
from resource import RLIM_INFINITY, RLIMIT_AS, getrlimit
from typing import Final

TABLES_BYTES: Final = 270 << 20
REPORT_BYTES: Final = 310 << 20
"""Less than what was measured for the smallest trace, with what `spare` does: with less there is
no need to try."""
OF_NUMPY: Final = {"OPENBLAS_NUM_THREADS": "1"}
OF_ARROW: Final = {
    "OMP_NUM_THREADS": "1",
    "ARROW_IO_THREADS": "1",
    "ARROW_DEFAULT_MEMORY_POOL": "system",
}
_M_ARENA_MAX: Final = -8
"""A parameter of mallopt(3)."""


def spare() -> None:
    """Call it before numpy and Arrow are imported. numpy then starts no thread for each CPU; where
    the address space is limited, nothing has more threads or allocators than it needs."""
    _default(OF_NUMPY)
    if _limit_bytes() is not None:
        _default(OF_ARROW)
        with suppress(OSError, AttributeError):  # a C library without mallopt
            ctypes.CDLL(None).mallopt(_M_ARENA_MAX, 1)


def check(least_bytes: int) -> None:
    """Raises MemoryError where so much cannot be had."""
    limit = _limit_bytes()
    if limit is not None and limit < least_bytes:
        raise MemoryError(f"{limit:,} bytes of address space are less than {least_bytes:,}")


def _default(variables: dict[str, str]) -> None:
    for name, value in variables.items():
        os.environ.setdefault(name, value)


def _limit_bytes() -> int | None:
    limit = getrlimit(RLIMIT_AS)[0]
    return None if limit == RLIM_INFINITY else limit
