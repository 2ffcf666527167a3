"""Paths as the traced program wrote them, made absolute without asking any file system.

Symbolic links are not resolved and ``..`` stays: what it leads to is not known from the text.
"""

from __future__ import annotations

import re
from typing import Final

_NOISE: Final = re.compile(rb"/(?:\.?/)+(?:\.\Z)?|/\.\Z")


def join(directory: bytes | None, path: bytes) -> bytes:
    """`path`, starting from `directory` when it is relative, without ``//`` and ``/./``.

    With an unknown directory a relative path stays relative.
    """
    if not path.startswith(b"/") and directory is not None:
        path = directory + b"/" + path
    tidy = _NOISE.sub(b"/", path)
    return tidy.rstrip(b"/") or b"/" if tidy.startswith(b"/") else tidy
