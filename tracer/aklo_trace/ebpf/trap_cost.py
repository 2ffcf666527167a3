"""What a probe costs on this machine, found out by hitting one a thousand times.

The code that is hit is made for it, in a file in memory that no other process runs.
"""

from __future__ import annotations

import ctypes
import mmap
import os
import platform
import time
from typing import Final

from aklo_trace.ebpf.uprobe import uprobe
from aklo_trace.libc import map_code

HITS: Final = 100
ROUNDS: Final = 10
"""The fastest one counts: others may have been interrupted."""
FUNCTION: Final = 16
LOOP: Final = bytes.fromhex(
    "53"  # push %rbx
    "89fb"  # mov %edi,%ebx
    "e808000000"  # call FUNCTION
    "ffcb"  # dec %ebx
    "75f7"  # jnz, to the call
    "5b"  # pop %rbx
    "c3"  # ret
    "9090"
)
EMULATED: Final = bytes.fromhex("5058c3")  # push %rax; pop %rax; ret
STEPPED: Final = bytes.fromhex("4883ec084883c408c3")  # sub $8,%rsp; add $8,%rsp; ret


def trap_ns(program: int, is_emulated: bool) -> int | None:
    """How long a hit of a probe takes that runs `program`, which has nothing to do; None where
    that cannot be found out. It is hit HITS * ROUNDS times."""
    if platform.machine() != "x86_64":
        return None
    code = LOOP + (EMULATED if is_emulated else STEPPED)
    try:
        fd = os.memfd_create("probed", os.MFD_CLOEXEC)
        try:
            os.write(fd, code.ljust(mmap.PAGESIZE, b"\0"))
            return _measured(fd, program)
        finally:
            os.close(fd)
    except OSError:  # code of one's own can be forbidden
        return None


def _measured(fd: int, program: int) -> int:
    with map_code(fd, mmap.PAGESIZE) as address:
        loop = ctypes.CFUNCTYPE(None, ctypes.c_uint)(address)
        without = min(_timed(loop) for _ in range(ROUNDS))
        event = uprobe(fd, FUNCTION, program)
        try:
            probed = min(_timed(loop) for _ in range(ROUNDS))
        finally:
            os.close(event)
    return max(probed - without, 0) // HITS


def _timed(loop: ctypes._FuncPointer) -> int:
    began = time.perf_counter_ns()
    loop(HITS)
    return time.perf_counter_ns() - began
