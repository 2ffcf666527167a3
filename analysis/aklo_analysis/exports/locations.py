"""Paths as code hosts want them: relative to the directory that they have the code in."""

from __future__ import annotations

import os
from urllib.parse import quote


def relative(file: str, root: str | None) -> str | None:
    """The path of a script from a directory; None if it is not below it. Links are not followed:
    the script may be gone."""
    if not root or not file.startswith("/"):
        return None
    path = os.path.relpath(os.path.normpath(file), os.path.normpath(root))
    return None if path == ".." or path.startswith("../") else path


def uri(file: str, root: str | None) -> tuple[str, bool]:
    """A script as a URI, and whether it is relative to that directory."""
    path = relative(file, root)
    if path is not None:
        return _quoted(path), True
    path = os.path.normpath(file)
    return (f"file://{_quoted(path)}" if file.startswith("/") else _quoted(path)), False


def directory_uri(path: str) -> str:
    """With a slash at its end."""
    return f"file://{_quoted(os.path.normpath(path)).rstrip('/')}/"


def _quoted(path: str) -> str:
    return quote(path.encode("utf-8", "surrogateescape"))
