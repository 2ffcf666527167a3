"""Scripts as they were when a trace was made, so that their text can be shown later.

The times of a file also change with its mode, its links or by a copy, and a copy can pretend old
ones: only the content tells.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Final

from aklo_trace.plain_file import open_plain

LARGEST_BYTES: Final = 8 << 20
"""Of a script that is read."""


class TooLarge(OSError):
    """It is no script that people wrote."""


def read(path: str) -> tuple[bytes, int]:
    """The content of a script, and when it was changed last, in whatever way, in ns since the Unix
    epoch. Raises OSError and ValueError."""
    with os.fdopen(open_plain(Path(path)), "rb") as script:
        status = os.fstat(script.fileno())
        if status.st_size > LARGEST_BYTES:
            raise TooLarge(0, "too large to read")
        content = script.read(LARGEST_BYTES)
    return content, max(status.st_mtime_ns, status.st_ctime_ns)


def digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def digests(paths: Iterable[str], since_ns: int) -> dict[str, str]:
    """Of those that can be read and have not been changed since."""
    found = {}
    for path in sorted(path for path in paths if path.startswith("/")):
        with suppress(OSError, ValueError):
            content, changed_ns = read(path)
            if changed_ns <= since_ns:
                found[path] = digest(content)
    return found
