"""What a recording can lose, by cause."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from typing import Final


class Loss(StrEnum):
    """The names in `loss`; engines count what can happen to them."""

    EVENT_RING_FULL = "event_ring_full"
    """Calls that memory had no room for: a larger `--ring-size` gives more."""
    DISK_WRITE_FAILED = "disk_write_failed"
    """Calls that could not be written, the disk being full for instance."""
    UNACCOUNTED = "unaccounted"
    """Calls that were begun, have not returned, and are no longer under way."""
    RECORD_RING_FULL = "record_ring_full"
    """Records of paths, arguments and lives of processes that memory had no room for."""
    RECORD_DISK_WRITE_FAILED = "record_disk_write_failed"
    """The same, that could not be written."""
    FUNCTION_RECORDS = "function_records"
    """Beginnings and ends of calls of functions, for either reason."""
    OFF_CPU_RECORDS = "off_cpu_records"
    """Times without a CPU, for either reason."""
    TASK_STATE_FULL = "task_state_full"
    """New threads that could not be followed."""
    PROGRAM_NOT_RUN = "program_not_run"
    """How often the kernel did not run a BPF program."""
    LINES_UNPARSED = "lines_unparsed"
    """Lines of strace's output that are not understood."""
    LINES_UNWRITTEN = "lines_unwritten"
    """Lines of strace's output that could not be written."""
    BYTES_UNWRITTEN = "bytes_unwritten"
    """The bytes of these lines, where they are known."""


CALLS: Final = "calls"
DETAILS: Final = "paths, arguments or ends of processes"
LINES: Final = "lines of the log"
COUNTED: Final[dict[str, str]] = {
    Loss.EVENT_RING_FULL: CALLS,
    Loss.DISK_WRITE_FAILED: CALLS,
    Loss.UNACCOUNTED: CALLS,
    Loss.RECORD_RING_FULL: DETAILS,
    Loss.RECORD_DISK_WRITE_FAILED: DETAILS,
    Loss.FUNCTION_RECORDS: "calls of functions",
    Loss.OFF_CPU_RECORDS: "times without a CPU",
    Loss.TASK_STATE_FULL: "threads",
    Loss.PROGRAM_NOT_RUN: DETAILS,
    Loss.LINES_UNPARSED: LINES,
    Loss.LINES_UNWRITTEN: LINES,
    Loss.BYTES_UNWRITTEN: LINES,
}
"""By cause, what was lost."""


def is_of_calls(cause: str) -> bool:
    """Whether the number of a cause is a number of calls."""
    return COUNTED.get(cause) == CALLS


def named(causes: Iterable[str]) -> str:
    """`calls and lines of the log`: what was lost by these causes."""
    return " and ".join(dict.fromkeys(COUNTED[cause] for cause in causes))
