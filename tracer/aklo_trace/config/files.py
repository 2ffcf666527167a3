"""The files of configuration: where they are, and what stands in them.

The project's is the nearest `.aklo.conf` from the working directory upwards. Behind it comes that
of the tool aklo, `config/.aklo.conf`: beside the `bin` of the aklo that is traced or found on PATH,
and in `aklo` below the project. Then come the user's and the system's in TOML, where XDG says.

A file is used if it is the user's own or root's: in directories like /tmp others could put one.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from aklo_trace import location
from aklo_trace.config.entry import PROJECT, SYSTEM, USER
from aklo_trace.errors import reason_of
from aklo_trace.plain_file import open_plain

MOST_BYTES: Final = 256 << 10
TOML: Final = Path("aklo-trace/config.toml")
OF_TOOL: Final = Path("config") / location.PROJECT_FILE
TOOL: Final = "aklo"

USED, ABSENT, FOREIGN, UNREADABLE = "used", "not there", "not used", "unreadable"
"""States of files. Those that are foreign can be there without any fault of the user."""


@dataclass(frozen=True, slots=True)
class File:
    """`why` says why a file is neither used nor absent. `is_private`: only its owner and root can
    write it. `is_trusted`: it may name actions; None if it names none, or needs no trust."""

    path: str
    level: str
    state: str
    why: str = ""
    is_private: bool = True
    is_trusted: bool | None = None


def find(
    cwd: Path | None, environ: Mapping[str, str], home: Path, command: Sequence[str] = ()
) -> list[tuple[File, bytes]]:
    """All files there could be with what was read of each, what counts most first."""
    paths = dict.fromkeys(
        [
            *((path, PROJECT) for path in _of_aklo(cwd, environ, command)),
            (_base(environ, "XDG_CONFIG_HOME", home / ".config") / TOML, USER),
            *((path, SYSTEM) for path in _of_system(environ)),
        ]
    )
    return [read(path, level) for path, level in paths]


def read(path: Path, level: str) -> tuple[File, bytes]:
    """A file and its content, of which there is none unless it is `USED`."""
    try:
        with os.fdopen(open_plain(path), "rb") as file:
            status, content = os.fstat(file.fileno()), file.read(MOST_BYTES + 1)
    except (FileNotFoundError, NotADirectoryError):
        return File(str(path), level, ABSENT), b""
    except OSError as error:
        return _unreadable(path, level, error), b""
    if not _is_used(status):
        return _foreign(path, level, status), b""
    if len(content) > MOST_BYTES:
        return File(str(path), level, UNREADABLE, f"it is larger than {MOST_BYTES >> 10} KiB"), b""
    is_private = not status.st_mode & (stat.S_IWGRP | stat.S_IWOTH)
    return File(str(path), level, USED, is_private=is_private), content


def _is_used(status: os.stat_result) -> bool:
    return status.st_uid in (0, os.geteuid())


def _foreign(path: Path, level: str, status: os.stat_result) -> File:
    return File(str(path), level, FOREIGN, f"it belongs to user {status.st_uid}")


def _unreadable(path: Path, level: str, error: OSError) -> File:
    try:
        status = path.lstat()
    except OSError:
        status = None
    if status and not _is_used(status):
        return _foreign(path, level, status)
    return File(str(path), level, UNREADABLE, f"it cannot be read: {reason_of(error)}")


def _of_aklo(
    cwd: Path | None, environ: Mapping[str, str], command: Sequence[str]
) -> Iterator[Path]:
    if cwd is None:
        return
    project = location.project(cwd)
    yield from _upwards(cwd, project)
    if project is not None:
        yield project / TOOL / OF_TOOL
    tool = _tool(cwd, environ.get("PATH", ""), command)
    if tool is not None:
        yield tool.parent.parent / OF_TOOL


def _upwards(cwd: Path, project: Path | None) -> Iterator[Path]:
    """The project's, and those before it that cannot be used: they are to be named."""
    for directory in (cwd, *cwd.parents):
        if os.path.lexists(path := directory / location.PROJECT_FILE):
            yield path
        if directory == project:
            return


def _tool(cwd: Path, search_path: str, command: Sequence[str]) -> Path | None:
    """The program aklo: one of the words of the command, or on PATH; links followed."""
    named = [cwd / word for word in command[:2] if "/" in word and Path(word).name == TOOL]
    found = [Path(directory) / TOOL for directory in search_path.split(":") if directory[:1] == "/"]
    for path in (*named, *found):
        if os.path.isfile(path):  # noqa: PTH113 - False also where we may not look
            return Path(os.path.realpath(path))
    return None


def _of_system(environ: Mapping[str, str]) -> list[Path]:
    found = [
        Path(base) for base in environ.get("XDG_CONFIG_DIRS", "").split(":") if base[:1] == "/"
    ]
    return [base / TOML for base in found or [Path("/etc/xdg")]]


def _base(environ: Mapping[str, str], name: str, default: Path) -> Path:
    """A relative value is to be ignored (XDG Base Directory Specification)."""
    value = environ.get(name, "")
    return Path(value) if value.startswith("/") else default
