"""How large the numbers of a log can be: what is beyond was not written by strace, or is spoilt.

A line with such a number is not understood: taken, it would not fit into a table, or say what
cannot be.
"""

from __future__ import annotations

from typing import Final

LAST_PID: Final = 1 << 22
"""PID_MAX_LIMIT of the kernel."""
LAST_FD: Final = (1 << 31) - 1
LAST_STATUS: Final = 255
LAST_SIGNAL: Final = 127
LAST_ERRNO: Final = 4095
"""MAX_ERRNO of the kernel."""
LAST_SECOND: Final = (1 << 32) - 1
"""In the year 2106. With any duration that strace can print, it is an int64 of nanoseconds."""
LAST_NS: Final = LAST_SECOND * 1_000_000_000
"""A start that `meta` takes."""
