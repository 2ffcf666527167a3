"""How strace is run here: the options that give most, as far as its version knows them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

STRING_BYTES: Final = 512
"""Arguments of an exec longer than this, or more of them than this, are cut and marked. It also
bounds what a log holds of the data of each read and write: strace has one limit for both."""

MARK_BYTES: Final = 2048
"""The same where shells say where they are: their function stacks have room in it."""

PRECISE_SINCE: Final = (5, 6)
"""Nanoseconds, and names for the options that give them."""
OLDEST: Final = (4, 17)
"""``-e trace=?name``: a name that this strace does not know is no error."""

_VERSION: Final = re.compile(r"strace -- version (\d+)\.(\d+)")


def version_of(text: str) -> tuple[int, int] | None:
    """The version that ``strace -V`` tells of; None if it is not strace's."""
    found = _VERSION.search(text)
    return (int(found[1]), int(found[2])) if found else None


def options(
    version: tuple[int, int], calls: Sequence[str] | None, string_bytes: int = STRING_BYTES
) -> list[str]:
    """Follow children, print times, durations and the paths of descriptors; trace `calls`,
    None meaning all; print `string_bytes` of each string. Never ``--seccomp-bpf``: if strace
    died, the target would fail with it."""
    times = ["-ttt", "-T"]
    if version >= PRECISE_SINCE:
        times = ["--absolute-timestamps=format:unix,precision:ns", "--syscall-times=ns"]
    chosen = [] if calls is None else ["-e", "trace=" + ",".join(f"?{name}" for name in calls)]
    return ["-f", "-y", *times, "-s", str(string_bytes), *chosen]
