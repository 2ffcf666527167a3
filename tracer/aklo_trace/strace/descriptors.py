"""What `-y` and `-yy` print between angle brackets after a descriptor's number.

``3</etc/passwd>`` is a path; ``</dev/null<char 1:3>>`` a path and a kind; ``<pipe:[4711]>`` and
``<socket:[4711]>`` a kind and an inode; ``<TCP:[127.0.0.1:1->127.0.0.1:2]>`` and
``<anon_inode:[eventpoll]>`` only a name. A path always begins with a slash.
"""

from __future__ import annotations

import re
import stat
from dataclasses import dataclass
from typing import Final

from aklo_trace.events import NULL
from aklo_trace.strace.quoting import unescape

_DEVICE: Final = re.compile(rb"<(char|block) [^<>]*>\Z")
_DEVICE_MODES: Final = {b"char": stat.S_IFCHR, b"block": stat.S_IFBLK}
_NUMBERED: Final = re.compile(rb"(pipe|socket):\[(\d{1,18})\]")
_NUMBERED_MODES: Final = {b"pipe": stat.S_IFIFO, b"socket": stat.S_IFSOCK}
_PROTOCOL: Final = re.compile(rb"[A-Z][A-Za-z0-9-]*:\[")


@dataclass(frozen=True, slots=True)
class Descriptor:
    """The file behind a descriptor. `name` is None where an inode says it all; `mode` has the
    type bits of st_mode that the text tells, else 0."""

    name: bytes | None
    inode: int = NULL
    mode: int = 0


def describe(text: bytes) -> Descriptor:
    """Read the inside of the angle brackets."""
    device = _DEVICE.search(text)
    if device and (path := unescape(text[: device.start()])).startswith(b"/"):
        return Descriptor(path, mode=_DEVICE_MODES[device[1]])
    plain = unescape(text)
    numbered = _NUMBERED.fullmatch(plain)
    if numbered:
        return Descriptor(None, int(numbered[2]), _NUMBERED_MODES[numbered[1]])
    if _PROTOCOL.match(plain):
        return Descriptor(plain, mode=stat.S_IFSOCK)
    return Descriptor(plain)
