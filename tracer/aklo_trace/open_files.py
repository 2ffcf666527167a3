"""What a process has open before it is traced: read once from /proc.

A call says which file it works on by device and inode; a name has only what was opened while
somebody looked. So the names of what a process was given, by its parent or before a tracer was
attached to it, are taken from ``/proc/PID``: see proc(5), on ``fd``, ``fdinfo``, ``cwd``,
``root`` and ``mountinfo``.

Inodes are those of ``fdinfo``, and devices those of the mounts: stat(2) gives other ones on
overlay and btrfs than the kernel itself uses.
"""

from __future__ import annotations

import json
import os
import stat
import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Final

from aklo_trace.fdinfo import fdinfo, mount_devices
from aklo_trace.sockets import sockets_of

OPEN_FILES_FILE: Final = "open_files.jsonl"
"""In `live`: an OpenFile a line, as JSON. More may be added while it is recorded."""

DELETED: Final = " (deleted)"
TERMINAL_MAJORS: Final = frozenset({4, 5, 204, 229, *range(136, 144)})
"""Of device numbers: virtual consoles, /dev/tty, serial lines and pseudoterminals; see
admin-guide/devices.txt of the kernel."""
DIRECTORIES: Final = ("cwd", "root")


@dataclass(frozen=True, slots=True)
class OpenFile:
    """A file that a process has open, or its working or root directory.

    `name` is the path, or what the kernel calls a thing without one, as ``pipe:[4711]``; bytes
    that are not UTF-8 are lone surrogates. `dev` is as makedev(3) makes it, and `mode` is
    st_mode. `local` and `peer` are addresses of a socket. `as_what` is ``fd``, ``cwd`` or
    ``root``. `boot_ns` is when it was looked at, by CLOCK_BOOTTIME.
    """

    boot_ns: int
    pid: int
    as_what: str
    fd: int | None
    name: str
    dev: int
    inode: int
    mode: int
    terminal: bool = False
    deleted: bool = False
    local: str | None = None
    peer: str | None = None

    def as_json(self) -> str:
        return json.dumps(asdict(self))


def open_files(
    pid: int, *, kept_by_exec: bool = False, since_ns: int | None = None
) -> list[OpenFile]:
    """What the process `pid` has open, and its directories; with `kept_by_exec` without what its
    next exec will close. `since_ns` becomes their `boot_ns`, instead of now.

    A process that is not held changes meanwhile: what is closed before it is looked at is left
    out. Raises OSError if there is no such process, or if it is not ours to look at.
    """
    look = _Look(pid, time.clock_gettime_ns(time.CLOCK_BOOTTIME) if since_ns is None else since_ns)
    found = []
    for entry in sorted(look.folder.joinpath("fd").iterdir(), key=lambda path: int(path.name)):
        with suppress(OSError):
            info = fdinfo(look.folder / "fdinfo" / entry.name)
            if not (kept_by_exec and info["flags"] & os.O_CLOEXEC):
                found.append(look.file("fd", int(entry.name), entry, info, entry.stat()))
    for name in DIRECTORIES:
        with suppress(OSError):
            found.append(look.directory(name))
    return list(_with_addresses(found, look.folder))


def write_open_files(path: Path, files: Iterable[OpenFile]) -> None:
    """Add to a file of `OpenFile.as_json` lines, which is created. Raises OSError."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC
    with os.fdopen(os.open(path, flags, 0o600), "w") as file:
        file.writelines(f"{one.as_json()}\n" for one in files)


def read_open_files(path: Path) -> list[OpenFile]:
    """The whole lines of such a file; none if there is no file."""
    if not path.exists():
        return []
    lines = path.read_text().splitlines(keepends=True)
    return [OpenFile(**json.loads(line)) for line in lines if line.endswith("\n")]


class _Look:
    """A look at one process."""

    def __init__(self, pid: int, boot_ns: int) -> None:
        self.pid = pid
        self.folder = Path("/proc") / str(pid)
        self._devices = mount_devices(self.folder)
        self._boot_ns = boot_ns

    def directory(self, name: str) -> OpenFile:
        """A descriptor of our own, good for nothing else, tells how the kernel calls it."""
        link = self.folder / name
        own = os.open(link, os.O_PATH | os.O_CLOEXEC)
        try:
            info = fdinfo(Path("/proc/self/fdinfo") / str(own))
            return self.file(name, None, link, info, os.fstat(own))
        finally:
            os.close(own)

    def file(
        self, as_what: str, fd: int | None, link: Path, info: dict[str, int], is_: os.stat_result
    ) -> OpenFile:
        name = os.readlink(link)  # noqa: PTH115 - it need not be a path
        deleted = is_.st_nlink == 0 and name.endswith(DELETED)
        return OpenFile(
            self._boot_ns,
            self.pid,
            as_what,
            fd,
            name.removesuffix(DELETED) if deleted else name,
            self._devices.get(info["mnt_id"], is_.st_dev),
            info.get("ino", is_.st_ino),
            is_.st_mode,
            terminal=stat.S_ISCHR(is_.st_mode) and os.major(is_.st_rdev) in TERMINAL_MAJORS,
            deleted=deleted,
        )


def _with_addresses(files: list[OpenFile], folder: Path) -> Iterator[OpenFile]:
    wanted = {file.inode for file in files if stat.S_ISSOCK(file.mode)}
    ends = sockets_of(folder / "net", wanted) if wanted else {}
    for file in files:
        found = ends.get(file.inode) if file.inode in wanted else None
        yield file if found is None else replace(file, local=found.local, peer=found.peer)
