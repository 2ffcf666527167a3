"""Names files in all the ways there are: names_paths.py FOLDER, which is empty."""
# Each line is to be one system call.
# ruff: noqa: PTH102, PTH108, PTH116

from __future__ import annotations

import contextlib
import ctypes
import os
import sys

AT_FDCWD, RENAME_NOREPLACE = -100, 1
LONGEST = 4095
libc = ctypes.CDLL(None)


def make(path: str, **where: int) -> None:
    os.close(os.open(path, os.O_CREAT | os.O_WRONLY, 0o600, **where))


def long_path(length: int) -> str:
    """A path of that many bytes to the file `plain`."""
    steps = (length - len("plain")) // len("sub/../")
    return "sub/../" * steps + "/" * (length - steps * len("sub/../") - len("plain")) + "plain"


def main(folder: str) -> None:
    os.chdir(folder)
    make("plain")
    os.mkdir("sub")
    os.chdir("sub")
    os.access("after-chdir", os.F_OK)
    above = os.open("..", os.O_RDONLY | os.O_DIRECTORY)
    os.fchdir(above)
    os.access("after-fchdir", os.F_OK)
    os.chdir("./sub/../sub/.")
    os.access("after-dots", os.F_OK)
    os.chdir(folder)
    if not (child := os.fork()):
        os.access("in-child", os.F_OK)
        os.chdir("sub")
        os.access("moved-child", os.F_OK)
        os._exit(0)
    os.waitpid(child, 0)
    os.access("after-child", os.F_OK)
    sub = os.open("sub", os.O_RDONLY | os.O_DIRECTORY)
    make("in-dirfd", dir_fd=sub)
    libc.renameat2(sub, b"in-dirfd", AT_FDCWD, b"renamed", RENAME_NOREPLACE)
    os.link("renamed", "linked", dst_dir_fd=sub, follow_symlinks=False)
    os.symlink("text", "symlink", dir_fd=sub)
    os.access("/plain/../x//y/./z/", os.F_OK)
    os.access(long_path(LONGEST), os.F_OK)
    with contextlib.suppress(OSError):
        os.stat(long_path(LONGEST + 1))
    os.access(b"caf\xe9", os.F_OK)
    os.access("new\nline", os.F_OK)
    os.access("\x1b[2J", os.F_OK)
    os.access("", os.F_OK)
    os.unlink("renamed")


if __name__ == "__main__":
    main(sys.argv[1])
