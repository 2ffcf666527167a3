"""The few calls of the C library that Python does not offer, or not exactly enough."""

from __future__ import annotations

import ctypes
import mmap
import os
import platform
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Final

from aklo_trace.syscalls import by_name

# <linux/prctl.h>
PR_SET_PDEATHSIG: Final = 1
PR_GET_PDEATHSIG: Final = 2
PR_SET_DUMPABLE: Final = 4
PR_SET_NO_NEW_PRIVS: Final = 38
PR_SET_PTRACER: Final = 0x59616D61
PR_SET_PTRACER_ANY: Final = 2**64 - 1

_CAPABILITY_VERSION_3: Final = 0x20080522
_PERF_FLAG_FD_CLOEXEC: Final = 8  # <linux/perf_event.h>
_AT_EXECFN: Final = 31  # <linux/auxvec.h>

_MAP_FAILED: Final = ctypes.c_void_p(-1).value

_libc = ctypes.CDLL(None, use_errno=True)
_libc.mmap.argtypes = (
    ctypes.c_void_p,
    ctypes.c_size_t,
    ctypes.c_int,
    ctypes.c_int,
    ctypes.c_int,
    ctypes.c_long,
)
_libc.mmap.restype = ctypes.c_void_p
_libc.munmap.argtypes = (ctypes.c_void_p, ctypes.c_size_t)
_libc.getauxval.argtypes = (ctypes.c_ulong,)
_libc.getauxval.restype = ctypes.c_void_p
_libc.execve.argtypes = (
    ctypes.c_char_p,
    ctypes.POINTER(ctypes.c_char_p),
    ctypes.POINTER(ctypes.c_char_p),
)


def _checked(result: int) -> int:
    if result < 0:
        error = ctypes.get_errno()
        raise OSError(error, os.strerror(error))
    return result


def prctl(option: int, argument: int = 0) -> int:
    """prctl(2) with at most one argument. Raises OSError."""
    return _checked(_libc.prctl(option, ctypes.c_ulong(argument), *[ctypes.c_ulong(0)] * 3))


def perf_event_open(attributes: bytes, cpu: int) -> int:
    """An event of all processes on one CPU: its descriptor. Raises OSError."""
    number = by_name()["perf_event_open"].numbers[platform.machine()]
    flags, nobody, no_group = ctypes.c_ulong(_PERF_FLAG_FD_CLOEXEC), -1, -1
    return _checked(_libc.syscall(number, attributes, nobody, cpu, no_group, flags))


def bpf(command: int, attributes: ctypes.Structure) -> None:
    """bpf(2), which may write into the attributes. Raises OSError."""
    number = by_name()["bpf"].numbers[platform.machine()]
    _checked(_libc.syscall(number, command, ctypes.byref(attributes), ctypes.sizeof(attributes)))


@contextmanager
def map_code(fd: int, size: int) -> Iterator[int]:
    """The address of an open file's first bytes, mapped to be executed. Raises OSError."""
    protection, flags = mmap.PROT_READ | mmap.PROT_EXEC, mmap.MAP_PRIVATE
    address = _libc.mmap(None, size, protection, flags, fd, 0)
    if address == _MAP_FAILED:
        _checked(-1)
    try:
        yield address
    finally:
        _libc.munmap(address, size)


def parent_death_signal() -> int:
    """The signal that this process gets when its parent dies; 0 for none."""
    signo = ctypes.c_int()
    _checked(_libc.prctl(PR_GET_PDEATHSIG, ctypes.byref(signo)))
    return signo.value


def capset(permitted: int) -> None:
    """Make `permitted`, a mask, the permitted and the effective capabilities of this thread,
    and its inheritable and ambient ones none. See capset(2). Raises OSError."""
    header = (ctypes.c_uint32 * 2)(_CAPABILITY_VERSION_3, 0)
    low, high = permitted & 0xFFFFFFFF, permitted >> 32
    data = (ctypes.c_uint32 * 6)(low, low, 0, high, high, 0)
    _checked(_libc.capset(header, data))


def executed_path() -> bytes | None:
    """The path by which this program was executed: that of the script if it is one."""
    address = _libc.getauxval(_AT_EXECFN)
    return ctypes.string_at(address) if address else None


def prepared_execve(
    path: bytes, argv: Sequence[bytes], environ: Sequence[bytes]
) -> Callable[[], int]:
    """A call of execve(2) with its memory laid out beforehand, so that it makes no other
    system call. `environ` is passed as it is: order, duplicates and odd entries survive,
    which os.execve() can't do. Returns errno, if at all."""
    arguments = (ctypes.c_char_p * (len(argv) + 1))(*argv, None)
    block = (ctypes.c_char_p * (len(environ) + 1))(*environ, None)

    def execve() -> int:
        _libc.execve(path, arguments, block)
        return ctypes.get_errno()

    return execve
