"""Which calls of which processes are recorded: decided once, applied in the kernel.

Calls that start, end, replace or wait for processes, that make, copy or close descriptors, and
that change the working directory are always recorded: without them no other call could be
understood.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from aklo_trace.errors import UsageError
from aklo_trace.syscalls import Syscall, by_name, operations, table

ALWAYS_OPERATIONS: Final = frozenset(
    {"process", "exec", "exit", "wait_child", "open", "close", "descriptor"}
)
ALWAYS_CALLS: Final = frozenset(
    {"chdir", "fchdir", "chroot", "socket", "socketpair", "accept", "accept4", "socketcall"}
)
COMM_BYTES: Final = 15
"""The kernel keeps this many bytes of a process's name."""
MOST_PROGRAMS: Final = 16


@dataclass(frozen=True, slots=True)
class Filter:
    """`operations` and `calls` to record, None meaning all; `programs` are names of
    processes (comm, cut at 15 bytes) to record, empty meaning all."""

    wanted: frozenset[str] | None = None
    programs: tuple[bytes, ...] = ()

    def records(self, call: Syscall) -> bool:
        return self.wanted is None or call.name in self.wanted or self.always(call)

    def calls(self) -> tuple[str, ...] | None:
        """The names of the calls that are recorded; None for all."""
        if self.wanted is None:
            return None
        return tuple(call.name for call in table() if self.records(call) and call.numbers)

    def always(self, call: Syscall) -> bool:
        """Whether the call is recorded whatever the filter says."""
        return call.operation in ALWAYS_OPERATIONS or call.name in ALWAYS_CALLS


def parse(terms: Sequence[str], programs: Sequence[str]) -> Filter:
    """Read ``--syscalls`` and ``--programs``: operation classes or names of calls, a leading
    ``!`` for all but them.

    Raises UsageError naming the unknown word and the words that exist, or when there are more
    than `MOST_PROGRAMS`.
    """
    if len(programs) > MOST_PROGRAMS:
        raise UsageError(
            f"--programs: {len(programs)} names are too many: {MOST_PROGRAMS} are taken."
        )
    wanted = {name for term in terms if not term.startswith("!") for name in _calls(term)}
    unwanted = {name for term in terms if term.startswith("!") for name in _calls(term[1:])}
    chosen = frozenset((wanted or set(by_name())) - unwanted) if terms else None
    return Filter(chosen, tuple(os.fsencode(name)[:COMM_BYTES] for name in programs))


def _calls(word: str) -> list[str]:
    if word in by_name():
        return [word]
    if word in operations():
        return [call.name for call in table() if call.operation == word]
    raise UsageError(
        f"--syscalls: '{word}' is neither a system call nor a class of operations. "
        f"The classes are: {', '.join(sorted(operations()))}."
    )
