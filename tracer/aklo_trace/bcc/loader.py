"""Compiles, loads and attaches the BPF programs through bcc, and hands over what came of it.

A program of its own, ``loader.py ORDER``: bcc brings a compiler along, some 130 MB of memory that
the recording process must not have. ORDER is an `Order` as JSON; standard input is a socket,
through which go the descriptors of the maps and then, of each program, its own and that of its
link, in the order in which they were asked for. The programs run as long as somebody holds the
links.

Imports nothing of aklo_trace, and of the system's Python packages only bcc.
"""

from __future__ import annotations

import ctypes
import importlib.util
import json
import os
import re
import socket
import sys
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any, Final

DEBUGFS: Final = Path("/sys/kernel/debug")
TRACEFS: Final = DEBUGFS / "tracing"
"""Where bcc looks for tracepoints."""
CLONE_NEWNS: Final = 0x20000
MS_REC, MS_PRIVATE = 0x4000, 1 << 18
FIELD: Final = r"field:[^;]*\b{name}(\[\])?;\s*offset:(\d+);\s*size:(\d+);"
QUIET: Final = ("-Wno-incompatible-pointer-types-discards-qualifiers", "-Wno-unused-function")


@dataclass(frozen=True)
class MapOrder:
    """A map to make: its type by number, the sizes of key and value, the flags of bpf(2); and what
    is written into its first element."""

    name: str
    type: int
    key_bytes: int
    value_bytes: int
    entries: int
    flags: int = 0
    first: str = ""  # as hexadecimal digits


@dataclass(frozen=True)
class ProgramOrder:
    """A function and where it goes: a raw tracepoint of that name, or a tracepoint (with its
    category) whose fields, by name, have that many bytes."""

    function: str
    tracepoint: str
    category: str = ""
    fields: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True)
class Order:
    """All that is asked for. `package` is the folder of bcc's Python package."""

    package: str
    source: str
    flags: tuple[str, ...]
    maps: tuple[MapOrder, ...]
    programs: tuple[ProgramOrder, ...]

    @classmethod
    def parse(cls, text: str) -> Order:
        values = json.loads(text)
        values["maps"] = tuple(MapOrder(**each) for each in values["maps"])
        values["programs"] = tuple(ProgramOrder(**each) for each in values["programs"])
        return cls(**values)


class Refused(Exception):
    """What was asked for cannot be had; the message is for the user."""


def import_bcc(package: Path) -> ModuleType:
    """bcc alone: the folder around it may hold packages of another Python."""
    found = importlib.util.spec_from_file_location(
        "bcc", package / "__init__.py", submodule_search_locations=[str(package)]
    )
    if found is None or found.loader is None:
        raise Refused(f"{package} is no Python package")
    module = importlib.util.module_from_spec(found)
    sys.modules["bcc"] = module
    found.loader.exec_module(module)
    return module


def reveal_tracepoints() -> None:
    """See to it that tracepoints lie where bcc looks for them, in a mount namespace of this
    process's own: nobody else sees it, and it goes with this process."""
    if (TRACEFS / "events").is_dir():
        return
    libc = ctypes.CDLL(None, use_errno=True)

    def checked(result: int) -> None:
        if result:
            reason = os.strerror(ctypes.get_errno())
            raise Refused(f"tracefs cannot be mounted at {TRACEFS}: {reason}")

    checked(libc.unshare(CLONE_NEWNS))
    checked(libc.mount(None, b"/", None, ctypes.c_ulong(MS_REC | MS_PRIVATE), None))
    checked(libc.mount(b"none", bytes(DEBUGFS), b"tmpfs", ctypes.c_ulong(0), None))
    TRACEFS.mkdir()
    checked(libc.mount(b"none", bytes(TRACEFS), b"tracefs", ctypes.c_ulong(0), None))


def field_offsets(program: ProgramOrder) -> list[str]:
    """Where the fields of a tracepoint lie, as definitions for the compiler."""
    path = TRACEFS / "events" / program.category / program.tracepoint / "format"
    try:
        text = path.read_text() if program.fields else ""
    except OSError as error:
        raise Refused(
            f"the kernel has no tracepoint {program.tracepoint} ({error.strerror})"
        ) from error
    found = []
    for name, size in program.fields:
        match = re.search(FIELD.format(name=name), text)
        if not match or int(match[3]) != size:
            raise Refused(f"the tracepoint {program.tracepoint} has no {name} of {size} bytes")
        found.append(f"-DAT_{program.tracepoint}_{name}={match[2]}")
    return found


def make_map(lib: Any, order: MapOrder) -> int:
    fd = int(
        lib.bcc_create_map(
            order.type,
            order.name.encode(),
            order.key_bytes,
            order.value_bytes,
            order.entries,
            order.flags,
        )
    )
    if fd < 0:
        raise Refused(f"the map {order.name} cannot be made: {os.strerror(ctypes.get_errno())}")
    if order.first:
        key, value = ctypes.c_uint32(0), bytes.fromhex(order.first)
        if lib.bpf_update_elem(fd, ctypes.byref(key), value, 0):
            reason = os.strerror(ctypes.get_errno())
            raise Refused(f"the map {order.name} cannot be written: {reason}")
    return fd


def attach(bcc: ModuleType, module: Any, program: ProgramOrder) -> list[int]:
    """The descriptors of the program, and of what links it to its tracepoint."""
    name, tracepoint = program.function.encode(), program.tracepoint.encode()
    if not program.category:
        function = module.load_func(name, bcc.BPF.RAW_TRACEPOINT)
        module.attach_raw_tracepoint(tp=tracepoint, fn_name=name)
        return [function.fd, module.raw_tracepoint_fds[tracepoint]]
    tracepoint = program.category.encode() + b":" + tracepoint
    function = module.load_func(name, bcc.BPF.TRACEPOINT)
    module.attach_tracepoint(tp=tracepoint, fn_name=name)
    return [function.fd, module.tracepoint_fds[tracepoint]]


def carry_out(order: Order) -> list[int]:
    reveal_tracepoints()
    bcc = import_bcc(Path(order.package))
    lib = bcc.libbcc.lib
    maps = [make_map(lib, each) for each in order.maps]
    flags = [*order.flags, *QUIET]
    flags += [f"-DMAP_{each.name}={fd}" for each, fd in zip(order.maps, maps, strict=True)]
    for program in order.programs:
        flags += field_offsets(program)
    module = bcc.BPF(text=Path(order.source).read_bytes(), cflags=flags)
    return maps + [fd for each in order.programs for fd in attach(bcc, module, each)]


def main() -> None:
    try:
        descriptors = carry_out(Order.parse(sys.argv[1]))
    except Exception as error:  # noqa: BLE001 - bcc raises nothing more special
        sys.exit(f"{error}")
    with socket.socket(fileno=os.dup(0)) as taker:
        socket.send_fds(taker, [b"."], descriptors)
    sys.stdout.flush()
    os._exit(0)  # bcc would detach at exit what others hold


if __name__ == "__main__":
    main()
