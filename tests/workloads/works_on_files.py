"""Works on descriptors, and prints what it did: works_on_files.py FOLDER.

Between two calls of access(2), on /begin and /end, it makes the calls that it prints as JSON:
name, descriptor, the file behind it and behind the second descriptor (device and inode), bytes
and offset.
"""
# Each line is to be one system call.
# ruff: noqa: PTH123, PTH208

from __future__ import annotations

import json
import mmap
import os
import socket
import sys

calls: list[list[object]] = []


def identity(fd: int) -> list[int]:
    status = os.fstat(fd)
    return [status.st_dev, status.st_ino]


def main(folder: str) -> None:
    os.chdir(folder)
    with open("input", "wb") as file:
        file.write(bytes(8192))
    with open("log", "wb") as file:
        file.write(b"first")
    source = os.open("input", os.O_RDONLY)
    sink = os.open("output", os.O_RDWR | os.O_CREAT, 0o600)
    log = os.open("log", os.O_WRONLY | os.O_APPEND)
    directory = os.open(".", os.O_RDONLY | os.O_DIRECTORY)
    reading, writing = os.pipe()
    one, _ = (end.detach() for end in socket.socketpair())
    null = os.open("/dev/null", os.O_RDWR)
    files = {fd: identity(fd) for fd in (source, sink, log, directory, reading, writing, one, null)}

    def did(
        name: str,
        fd: int,
        moved: int | None = None,
        offset: int | None = None,
        second: int | None = None,
    ) -> None:
        calls.append([name, fd, files[fd], second and files[second], moved, offset])

    os.access("/begin", os.F_OK)
    did("read", source, len(os.read(source, 10)), 0)
    did("read", source, len(os.read(source, 10)), 10)
    did("pread64", source, len(os.pread(source, 5, 100)), 100)
    did("readv", source, os.readv(source, [bytearray(3), bytearray(4)]), 20)
    did("preadv2", source, os.preadv(source, [bytearray(2)], 300), 300)
    did("write", sink, os.write(sink, b"hello"), 0)
    did("write", sink, os.write(sink, b"you"), 5)
    did("pwrite64", sink, os.pwrite(sink, b"x", 1000), 1000)
    did("writev", sink, os.writev(sink, [b"a", b"b"]), 8)
    did("sendfile", sink, os.sendfile(sink, source, 0, 50), second=source)
    did("copy_file_range", source, os.copy_file_range(source, sink, 60), second=sink)
    did("write", writing, os.write(writing, b"through"))
    did("read", reading, len(os.read(reading, 100)))
    did("write", one, os.write(one, b"socket"))
    did("write", null, os.write(null, b"nothing"))
    did("read", null, len(os.read(null, 1)))
    did("write", log, os.write(log, b"second"))
    os.ftruncate(sink, 100)
    did("ftruncate", sink)
    os.fchmod(sink, 0o640)
    did("fchmod", sink)
    os.fdatasync(sink)
    did("fdatasync", sink)
    os.listdir(directory)
    mmap.mmap(source, 4096, mmap.MAP_PRIVATE, mmap.PROT_READ)
    did("fstat", source)
    did("mmap", source)
    copy = os.dup2(source, 100, inheritable=True)
    did("dup2", source)
    os.dup2(sink, copy, inheritable=True)
    did("dup2", sink, second=source)
    files[copy] = files[sink]
    did("write", copy, os.write(copy, b"through the copy"), 120)
    os.close(copy)
    did("close", copy)
    os.close(source)
    did("close", source)
    os.access("/end", os.F_OK)
    print(json.dumps(calls))


if __name__ == "__main__":
    main(sys.argv[1])
