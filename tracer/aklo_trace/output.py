"""A file that a command writes its output to, which nothing that was there is lost for."""

from __future__ import annotations

import argparse
import gzip
import io
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final, TextIO

from aklo_trace.errors import StoreError, reason_of, remedy_at
from aklo_trace.plain_file import open_beside

COMPRESSED: Final = ".gz"
NEW: Final = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


def add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        *("-o", "--output"),
        type=Path,
        metavar="FILE",
        help="write to FILE, compressed if its name ends in .gz (default: standard output)",
    )
    parser.add_argument("--force", action="store_true", help="replace FILE if it is there")


@contextmanager
def asked(options: argparse.Namespace) -> Iterator[TextIO]:
    """Where the options say that output goes. Raises StoreError."""
    if options.output is None:
        yield sys.stdout
        return
    with opened(options.output, options.force) as stream:
        yield stream


@contextmanager
def opened(path: Path, force: bool) -> Iterator[TextIO]:
    """A text file in UTF-8 that this user alone may read; compressed if its name says so. One that
    could not be written to its end goes again, and what it was to replace stays. Raises
    StoreError."""
    fd, name = _begun(path, force)
    try:
        with os.fdopen(fd, "wb") as file, _text(file, path) as stream:
            yield stream
    except OSError as error:
        _remove(name)
        if error.filename is not None:  # it is of something else
            raise
        raise _unwritable(path, error) from error
    except BaseException:
        _remove(name)
        raise
    if name != path:
        _put(name, path)


def _begun(path: Path, force: bool) -> tuple[int, Path]:
    """A descriptor to write to, and the name that the file has until all is written. Raises
    StoreError."""
    is_there = force and os.path.lexists(path)
    if is_there and path.is_symlink() and (path.is_file() or not path.exists()):
        raise StoreError(
            f"{path} is a symbolic link to {os.fspath(path.readlink())}. Give the name of the file "
            "itself to -o."
        )
    try:
        if is_there and not path.is_file():  # a device, or a pipe of the shell's
            return os.open(path, os.O_WRONLY | os.O_CLOEXEC), path
        return open_beside(path) if force else (os.open(path, NEW, 0o600), path)
    except FileExistsError:
        raise StoreError(
            f"{path} exists already. Give another name to -o, or add --force to replace it."
        ) from None
    except OSError as error:
        raise _unwritable(path, error) from error


def _put(name: Path, path: Path) -> None:
    try:
        name.replace(path)
    except OSError as error:
        _remove(name)
        raise _unwritable(path, error) from error


@contextmanager
def _text(file: io.BufferedWriter, path: Path) -> Iterator[TextIO]:
    if path.suffix != COMPRESSED:
        with io.TextIOWrapper(file, "utf-8", "backslashreplace", newline="\n") as stream:
            yield stream
        return
    with (
        gzip.GzipFile(path.stem, "wb", fileobj=file, mtime=0) as packed,
        io.TextIOWrapper(packed, "utf-8", "backslashreplace", newline="\n") as stream,
    ):
        yield stream


def _remove(path: Path) -> None:
    with suppress(OSError):
        if path.is_file() and not path.is_symlink():
            path.unlink()


def _unwritable(path: Path, error: OSError) -> StoreError:
    return StoreError(f"{path} cannot be written: {reason_of(error)}. {remedy_at(error)}")
