"""Paths as the traced program wrote them, made absolute without asking any file system.

Symbolic links are not resolved and ``..`` stays: what it leads to is not known from the text.
"""

from __future__ import annotations

import re
from typing import Final

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


def tidy(path: bytes) -> bytes:
    """Without ``//`` and ``/./``."""
    path = _NOISE.sub(b"/", path)
    return path.rstrip(b"/") or b"/" if path.startswith(b"/") else path
