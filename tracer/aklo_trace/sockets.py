"""Addresses of sockets, as text: how they are written, and where /proc/net tells them.

``127.0.0.1:80``, ``[::1]:80``, ``/run/a.sock``, ``@abstract``, ``netlink:4711``. An address that
a socket does not have is None.
"""

from __future__ import annotations

import re
import socket
import struct
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

AF_NETLINK: Final = 16
FAMILY_BYTES: Final = 2
NETLINK_BYTES: Final = 8
PLACES: Final = {int(socket.AF_INET): (4, 4), int(socket.AF_INET6): (8, 16)}
"""Of a struct sockaddr by its family: where the address begins, and its bytes."""

_ENDS: Final = re.compile(rb"(?:TCP|UDP)(?:v6)?:\[(\[?[^]>]*\]?:\d+)(?:->(\[?[^]>]*\]?:\d+))?\]")


@dataclass(frozen=True, slots=True)
class Ends:
    """Both addresses of a socket."""

    local: str | None = None
    peer: str | None = None


def inet_text(family: int, address: bytes, port: int) -> str | None:
    """`address` is in network order; None for one without a port."""
    if not port:
        return None
    text = socket.inet_ntop(family, address)
    return f"[{text}]:{port}" if family == socket.AF_INET6 else f"{text}:{port}"


def unix_text(name: bytes) -> str | None:
    """The name of a unix socket; one in the abstract name space begins with a NUL."""
    if not name.strip(b"\0"):
        return None
    name = b"@" + name[1:] if name.startswith(b"\0") else name.partition(b"\0")[0]
    return name.decode("utf-8", "surrogateescape")


def netlink_text(port: int) -> str:
    return f"netlink:{port}"


def address_text(address: bytes) -> str | None:
    """The text of a struct sockaddr; None if it says nothing or is of another family."""
    family = int.from_bytes(address[:FAMILY_BYTES], sys.byteorder)
    if family == socket.AF_UNIX:
        return unix_text(address[FAMILY_BYTES:])
    if family == AF_NETLINK and len(address) >= NETLINK_BYTES:
        return netlink_text(int.from_bytes(address[4:8], sys.byteorder))
    first, size = PLACES.get(family, (0, 0))
    if not size or len(address) < first + size:
        return None
    port = int.from_bytes(address[2:4], "big")
    return inet_text(family, address[first : first + size], port)


def parted(text: bytes) -> tuple[bytes | None, bytes | None, bytes | None]:
    """Name, own and peer's address in a text of strace, as ``TCP:[127.0.0.1:1->127.0.0.1:2]``."""
    found = _ENDS.fullmatch(text)
    if not found:
        return text, None, None
    return None, found[1], found[2]


def sockets_of(folder: Path, inodes: set[int]) -> dict[int, Ends]:
    """The addresses of sockets by their inode, from the files of /proc/PID/net."""
    found: dict[int, Ends] = {}
    for name, read in TABLES.items():
        with suppress(OSError):
            lines = (folder / name).read_text("utf-8", "surrogateescape").splitlines()
            found |= {inode: ends for inode, ends in read(lines[1:]) if inode in inodes}
    return found


def _inet(family: socket.AddressFamily) -> Callable[[list[str]], Iterator[tuple[int, Ends]]]:
    def read(lines: list[str]) -> Iterator[tuple[int, Ends]]:
        for line in lines:
            fields = line.split()
            yield int(fields[9]), Ends(_inet_end(family, fields[1]), _inet_end(family, fields[2]))

    return read


def _inet_end(family: socket.AddressFamily, field: str) -> str | None:
    """``0100007F:0050``: words of the address as the machine has them, and the port."""
    words, _, port = field.partition(":")
    numbers = [int(words[i : i + 8], 16) for i in range(0, len(words), 8)]
    order = "<" if sys.byteorder == "little" else ">"
    return inet_text(family, struct.pack(f"{order}{len(numbers)}I", *numbers), int(port, 16))


def _unix(lines: list[str]) -> Iterator[tuple[int, Ends]]:
    for line in lines:
        fields = line.split(maxsplit=7)
        yield int(fields[6]), Ends(local=fields[7] if len(fields) > 7 else None)


def _netlink(lines: list[str]) -> Iterator[tuple[int, Ends]]:
    for line in lines:
        fields = line.split()
        yield int(fields[9]), Ends(local=netlink_text(int(fields[2])))


TABLES: Final = {
    "tcp": _inet(socket.AF_INET),
    "tcp6": _inet(socket.AF_INET6),
    "udp": _inet(socket.AF_INET),
    "udp6": _inet(socket.AF_INET6),
    "unix": _unix,
    "netlink": _netlink,
}
"""Files of /proc/net, and how their lines are read."""
