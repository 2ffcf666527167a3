"""Paths as the traced program wrote them, made absolute without asking any file system.

Symbolic links are not resolved and ``..`` stays: what it leads to is not known from the text.
Only where the kernel said how a directory is called it has no link in its name, and ``..`` is
what stands before the last slash.
"""

from __future__ import annotations

import posixpath
import re
from typing import Final

LONGEST_BYTES: Final = 4096
"""PATH_MAX."""
MOST_UPWARDS: Final = 40
"""``..`` in the name of a directory. Who goes down and up again and again would make it longer each
time."""

_NOISE: Final = re.compile(rb"/(?:\.?/)+(?:\.\Z)?|/\.\Z")
_UPWARDS: Final = re.compile(rb"\A(?:/\.\.(?=/|\Z))+")


def resolve(directory: bytes | None, path: bytes, below_root: bool = False) -> bytes:
    """`path`, starting from `directory` when it is relative; when it is absolute, only if that is
    `below_root`, its process's root directory. If the directory is unknown the path becomes
    relative."""
    if below_root and path.startswith(b"/"):
        path = _UPWARDS.sub(b"", tidy(path)).lstrip(b"/") or b"."
    if not path.startswith(b"/") and directory is not None:
        path = directory + b"/" + path
    return tidy(path)


def entered(directory: bytes | None, path: bytes) -> bytes | None:
    """Where a process is that went to `path` from `directory`, None if that cannot be known. A name
    ends in a slash if it may lead through symbolic links: by the kernel's own it does not."""
    if path.startswith(b"/"):
        directory = b"/"
    if directory is None:
        return None
    names = [name for name in path.split(b"/") if name not in (b"", b".")]
    while names[:1] == [b".."] and not may_have_links(directory):
        directory = posixpath.dirname(directory)
        del names[0]
    return posixpath.join(directory, *names, b"") if names else directory


def may_have_links(directory: bytes) -> bool:
    """Of a name that `entered` gave, or the kernel."""
    return directory.endswith(b"/") and directory != b"/"


def is_endless(directory: bytes) -> bool:
    """Whether that is no name to keep."""
    return len(directory) > LONGEST_BYTES or directory.count(b"/..") > MOST_UPWARDS


def comes_back(path: bytes, name: bytes) -> bool:
    """Whether `path` goes through a directory called `name`, and up again to it; or might, but for
    symbolic links. Both are of one directory."""
    through = path.removeprefix(name.rstrip(b"/") + b"/")
    returns = through != path and posixpath.normpath(through) == b"."
    return b"/.." in path and (returns or posixpath.normpath(path) == name)


def tidy(path: bytes) -> bytes:
    """Without ``//`` and ``/./``."""
    path = _NOISE.sub(b"/", path)
    return path.rstrip(b"/") or b"/" if path.startswith(b"/") else path
