"""The kernel's table of calls: which of their arguments are what, and which are recorded."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from aklo_trace.ebpf import layout
from aklo_trace.ebpf.machine import COMPAT_MACHINE
from aklo_trace.filter import Filter
from aklo_trace.syscalls import (
    MAKERS,
    NONE,
    PAIRS,
    UNKNOWN,
    PathArgument,
    Syscall,
    by_name,
    by_number,
)

ADDRESSED: Final = {"bind": 1, "connect": 1, "sendto": 4}
"""Calls that give an address to a socket, and the argument that points to it."""
COPIERS: Final = frozenset({"dup", "dup2", "dup3"})
"""Calls that return a descriptor of the very file they work on."""
EFFECTS: Final = {
    "chdir": layout.SPEC_CHANGES_CWD,
    "chroot": layout.SPEC_CHANGES_ROOT,
    "exit": layout.SPEC_EXIT,
    "exit_group": layout.SPEC_EXIT_GROUP,
    **dict.fromkeys(ADDRESSED, layout.SPEC_ADDRESSES),
    "bind": layout.SPEC_ADDRESSES | layout.SPEC_BINDS,
    **dict.fromkeys((*PAIRS, *MAKERS), layout.SPEC_MAKES_FILE),
}


def specs(machine: str, chosen: Filter) -> Iterator[bytes]:
    """A ``struct syscall_spec`` for each slot: the native calls, then the 32-bit ones."""
    unknown = spec_of(by_name()[UNKNOWN], chosen)
    for name in (machine, COMPAT_MACHINE.get(machine)):
        calls = by_number(name) if name else {}
        for number in range(layout.COMPAT_SLOT):
            call = calls.get(number)
            yield spec_of(call, chosen) if call else unknown


def _argument(path: PathArgument | None) -> tuple[int, int]:
    return (path.index, path.dirfd) if path else (NONE, NONE)


def spec_of(call: Syscall, chosen: Filter) -> bytes:
    """The row of the kernel's table for one call."""
    flags = layout.SPEC_RECORD if chosen.records(call) else 0
    flags |= layout.SPEC_ALWAYS if chosen.always(call) else 0
    flags |= layout.SPEC_RETURNS_FD if call.returns == "fd" and call.name not in COPIERS else 0
    flags |= layout.SPEC_FILE_POSITION if call.at_position else 0
    flags |= layout.SPEC_EXEC if call.operation == "exec" else 0
    flags |= EFFECTS.get(call.name, 0)
    (path0, dirfd0), (path1, dirfd1) = _argument(call.path), _argument(call.path2)
    return layout.SYSCALL_SPEC.pack(
        flags=flags,
        fd=call.fd,
        fd2=call.fd2,
        path0=path0,
        path1=path1,
        dirfd0=dirfd0,
        dirfd1=dirfd1,
        offset=call.offset,
        pair=PAIRS.get(call.name, NONE),
        address=ADDRESSED.get(call.name, NONE),
    )
