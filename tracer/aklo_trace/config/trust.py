"""Which files may have something done, and not only said.

A file that comes with a repository, or that others can write, may name actions only once the user
has trusted it: exactly this content, at exactly this place. What is trusted is kept in the user's
data directory, by path and SHA-256.
"""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import Final

from aklo_trace.errors import StoreError, reason_of, remedy_of
from aklo_trace.location import make
from aklo_trace.plain_file import open_plain, write_whole

FILE: Final = "trusted.json"
MOST_BYTES: Final = 1 << 20
VERSION: Final = 1


def is_trusted(data: Path, path: str, content: bytes) -> bool:
    """`data` is the user's data directory."""
    return read(data).get(place_of(path)) == digest(content)


def digest(content: bytes) -> str:
    return sha256(content).hexdigest()


def place_of(path: str) -> str:
    """The path, without links on the way to the file, which may be one itself."""
    folder, name = os.path.split(path)
    return str(Path(os.path.realpath(folder), name))


def read(data: Path) -> Mapping[str, str]:
    """Digests by path. What is damaged, somebody else's, or open to others trusts nothing."""
    try:
        with os.fdopen(open_plain(data / FILE), "rb") as file:
            status = os.fstat(file.fileno())
            if status.st_uid != os.geteuid() or status.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
                return {}
            found = json.loads(file.read(MOST_BYTES).decode("utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    files = found.get("files") if isinstance(found, dict) else None
    if not isinstance(files, dict) or found.get("version") != VERSION:
        return {}
    return {path: value for path, value in files.items() if isinstance(value, str)}


def write(data: Path, files: Mapping[str, str]) -> None:
    """Replace it as a whole. Raises StoreError."""
    text = json.dumps({"version": VERSION, "files": dict(sorted(files.items()))}, indent=2)
    try:
        make(data)
        write_whole(data / FILE, text.encode() + b"\n")
    except OSError as error:
        raise StoreError(
            f"What is trusted cannot be written to {data / FILE}: {reason_of(error)}; "
            f"{remedy_of(error)}."
        ) from error
