"""Files of a trace, opened as what they should be, and replaced as a whole.

A trace may have been damaged or made by somebody else: in the place of a file there can be a
pipe, at which a reader would wait for ever, a device, or a file that claims to be larger than
any disk.
"""

from __future__ import annotations

import errno
import os
import stat
from contextlib import suppress
from pathlib import Path
from typing import Final

LARGEST_HOLED_BYTES: Final = 64 << 20
"""What is recorded has no holes; those of a smaller file do no harm."""


def open_plain(path: Path) -> int:
    """A descriptor to read from. Raises OSError, also for what is no regular file."""
    _check(path.stat(), path)  # before it is opened: a device may do something then
    fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        _check(os.fstat(fd), path)
    except OSError:
        os.close(fd)
        raise
    return fd


def read_plain(path: Path, most_bytes: int) -> bytes:
    """The content of a file that has at most so many bytes. Raises OSError."""
    with os.fdopen(open_plain(path), "rb") as file:
        if os.fstat(file.fileno()).st_size > most_bytes:
            raise OSError(errno.EFBIG, os.strerror(errno.EFBIG), str(path))
        return file.read()


def write_whole(
    path: Path, raw: bytes, mode: int = 0o600, like: os.stat_result | None = None
) -> None:
    """Replace a file, so that a reader sees the one before or this one, also where several write
    at once. It has the owner of what it is `like`, and its mode whatever the umask is. Raises
    OSError; then all is as it was."""
    fd, temporary = open_beside(path, mode)
    try:
        with os.fdopen(fd, "wb") as file:
            if like is not None:
                os.fchown(file.fileno(), like.st_uid, like.st_gid)
                os.fchmod(file.fileno(), mode)
            file.write(raw)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except BaseException:
        with suppress(OSError):
            temporary.unlink()
        raise


def open_beside(path: Path, mode: int = 0o600) -> tuple[int, Path]:
    """A new file, to be renamed to `path` when all is written: a descriptor to write to, and its
    name, which no other writer has. Raises OSError."""
    temporary = path.with_name(f".aklo-trace-{os.urandom(8).hex()}.tmp")
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    return os.open(temporary, flags, mode), temporary


def check_written(path: Path) -> None:
    """Raises ValueError if this is no file that a recorder has written from its beginning to
    its end."""
    status = path.lstat()
    if not stat.S_ISREG(status.st_mode):
        raise ValueError(f"{path.name} is no regular file")
    if status.st_size > LARGEST_HOLED_BYTES and _has_hole(path, status.st_size):
        raise ValueError(f"{path.name} claims to have {status.st_size:,} bytes, and has holes")


def _check(status: os.stat_result, path: Path) -> None:
    if stat.S_ISDIR(status.st_mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
    if not stat.S_ISREG(status.st_mode):
        raise OSError(errno.EINVAL, "Not a regular file", str(path))


def _has_hole(path: Path, size_bytes: int) -> bool:
    fd = open_plain(path)
    try:
        return os.lseek(fd, 0, os.SEEK_HOLE) < size_bytes
    finally:
        os.close(fd)
