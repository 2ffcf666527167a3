"""The wrapper: a small script called `aklo` that stands before the real one on PATH.

It is known by its first lines, which say what made it, and by the checksum of the others: what was
changed since, or was there before, is nobody's to remove.
"""

from __future__ import annotations

import errno
import os
import shlex
import stat
import struct
import sys
import sysconfig
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final
from zlib import crc32

from aklo_trace.errors import StoreError, UsageError, reason_of

NAME: Final = "aklo"
MARK: Final = "# made by aklo-trace install-wrapper; aklo-trace uninstall-wrapper removes it; "
MOST_BYTES: Final = 8192
HELPER: Final = "aklo-trace-helper"
"""A copy of the interpreter that may load BPF programs, for the members of one group."""
HELPER_CAPABILITIES: Final = sum(1 << capability for capability in (38, 39))
"""CAP_PERFMON and CAP_BPF, of <linux/capability.h>."""
CAPABILITY_XATTR: Final = "security.capability"
REVISION_2_EFFECTIVE: Final = 0x02000001
"""VFS_CAP_REVISION_2 with VFS_CAP_FLAGS_EFFECTIVE; see <linux/capability.h>."""
CAPABILITY_VALUE: Final = struct.pack(
    "<5I",
    REVISION_2_EFFECTIVE,
    HELPER_CAPABILITIES & 0xFFFFFFFF,
    0,
    HELPER_CAPABILITIES >> 32,
    0,
)
WRITABLE_BY_OTHERS: Final = stat.S_IWGRP | stat.S_IWOTH
TEMPLATE: Final = """\
# In a shell of its own: a variable of the same name may be one that aklo is given.
_aklo_trace_real=$(
    real='' before='' is_past=''
    set -f
    IFS=:
    for folder in $PATH; do
        file=${{folder:-.}}/aklo
        # shellcheck disable=SC3013 # every shell that is an sh has -ef
        if [ "$file" -ef {own} ]; then
            is_past=yes
        elif [ -f "$file" ] && [ -x "$file" ]; then
            if [ "$is_past" ]; then
                real=$file
                break
            fi
            before=${{before:-$file}}
        fi
    done
    printf %s "${{real:-$before}}"
)
if [ -z "$_aklo_trace_real" ]; then
    echo 'aklo: there is no other aklo on PATH than the wrapper of aklo-trace' >&2
    exit 127
fi
if [ -x {helper} ]; then
    exec {helper} -I -m aklo_trace wrapped "$_aklo_trace_real" "$@"
elif [ -x {python} ]; then
    exec {python} -I -m aklo_trace wrapped "$_aklo_trace_real" "$@"
fi
echo 'aklo: not traced: aklo-trace is not there any more' >&2
exec "$_aklo_trace_real" "$@"
"""


def text_for(own: Path) -> str:
    """The wrapper that is to stand at that path."""
    python = Path(sys.executable)
    names = {"own": own, "helper": python.parent / HELPER, "python": python}
    body = TEMPLATE.format(**{name: shlex.quote(str(path)) for name, path in names.items()})
    return f"#!/bin/sh\n{MARK}{crc32(body.encode()):08x}\n{body}"


def is_ours(path: Path) -> bool:
    """Whether a file is a wrapper as it was written."""
    try:
        if not stat.S_ISREG(path.lstat().st_mode):
            return False
        with path.open("rb") as file:
            head, _, body = file.read(MOST_BYTES).partition(b"\n")[2].partition(b"\n")
    except OSError:
        return False
    return head == f"{MARK}{crc32(body):08x}".encode()


def on_path(search_path: str) -> Iterator[Path]:
    """Every program called aklo, in the order in which they are found."""
    for folder in search_path.split(":"):
        file = Path(folder or ".") / NAME
        if file.is_file() and os.access(file, os.X_OK):
            yield file


def real(search_path: str) -> Path:
    """The first that is no wrapper. Raises UsageError."""
    for file in on_path(search_path):
        if not is_ours(file):
            return file
    raise UsageError("There is no aklo on PATH: add the directory of its program, and try again.")


def place(search_path: str, wanted: Path | None) -> Path:
    """The directory for the wrapper: the one that is wanted, or the first that can be written. It
    precedes that of the real aklo on PATH. Raises UsageError."""
    program = real(search_path)
    folders = [Path(folder) for folder in search_path.split(":") if folder.startswith("/")]
    names = [os.path.realpath(folder) for folder in folders]
    before = folders[: names.index(os.path.realpath(program.parent))]
    if wanted is not None:
        if os.path.realpath(wanted) in map(os.path.realpath, before):
            return wanted.absolute()
        raise UsageError(
            f"{wanted} does not precede {program.parent} on PATH, where {program.name} is: the "
            f"wrapper would never be run. Write PATH={wanted.absolute()}:$PATH into your shell's "
            "profile, open a new shell, and try again."
        )
    for folder in before:
        if os.access(folder, os.W_OK) and not (folder / NAME).exists():
            return folder
    raise UsageError(
        f"No directory precedes {program.parent}, where {program.name} is, on PATH and can be "
        "written. Make one: mkdir -p ~/bin; PATH=~/bin:$PATH, also in your shell's profile."
    )


def install(folder: Path) -> Path:
    """Write the wrapper. Raises UsageError if something else is there, or StoreError."""
    path = folder / NAME
    if os.path.lexists(path) and not is_ours(path):
        raise UsageError(
            f"{path} is there, and no wrapper as aklo-trace wrote it: it is left alone. Name "
            "another directory with --dir."
        )
    try:
        fd, temporary = tempfile.mkstemp(prefix=f".{NAME}.", dir=folder)
        with os.fdopen(fd, "w") as file:
            file.write(text_for(path))
            os.fchmod(file.fileno(), 0o755)
        Path(temporary).rename(path)
    except OSError as error:
        raise StoreError(f"{path} cannot be written: {reason_of(error)}.") from error
    return path


def remove(path: Path) -> None:
    """Raises UsageError for what we did not write, or StoreError."""
    if not is_ours(path):
        raise UsageError(f"{path} is no wrapper as aklo-trace wrote it: it is left alone.")
    try:
        path.unlink()
    except OSError as error:
        raise StoreError(f"{path} cannot be removed: {reason_of(error)}.") from error


def helper() -> Path:
    """Where the helper is, if there is one."""
    return Path(sys.executable).parent / HELPER


def install_helper(group: str) -> Path:
    """Make a copy of the interpreter that members of a group can run, and that holds the two
    capabilities. Raises UsageError or StoreError."""
    import grp

    try:
        gid = grp.getgrnam(group).gr_gid
    except KeyError:
        raise UsageError(f"--helper {group}: there is no such group; groupadd makes one.") from None
    path = helper()
    try:
        foreign = next(filter(_is_foreign, _executed()), None)
        if foreign:
            raise UsageError(
                f"--helper: not only root can change {foreign}, and so what the helper runs with "
                "its capabilities. Install aklo-trace where only root can, below /opt for instance "
                "(docs/guide/install.md), and make the helper with that."
            )
        if os.path.lexists(path) and not _is_helper(path):
            raise OSError(errno.EEXIST, "something else is there", str(path))
        _write_helper(path, gid)
    except OSError as error:
        raise StoreError(f"The helper {path} cannot be made: {reason_of(error)}.") from error
    return path


def _write_helper(path: Path, gid: int) -> None:
    import shutil

    fd, temporary = tempfile.mkstemp(prefix=f".{HELPER}.", dir=path.parent)
    try:
        with os.fdopen(fd, "wb") as file, Path(sys.executable).open("rb") as interpreter:
            shutil.copyfileobj(interpreter, file)
            file.flush()  # writing takes capabilities away
            os.fchown(file.fileno(), 0, gid)
            os.fchmod(file.fileno(), 0o750)
            os.setxattr(file.fileno(), CAPABILITY_XATTR, CAPABILITY_VALUE)
        Path(temporary).rename(path)
    except OSError:
        Path(temporary).unlink()
        raise


def _executed() -> Iterator[Path]:
    """What the helper executes: the interpreter, its modules and ours, and every directory on the
    way there."""
    python, package = Path(sys.executable), Path(__file__).parent
    places = [sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib")]
    roots = {python, python.resolve(), package, *map(Path, places)}
    for root in sorted(filter(Path.exists, roots)):
        yield from (*reversed(root.parents), root)
    yield from package.rglob("*")


def _is_foreign(path: Path) -> bool:
    """Whether somebody else than root can change it. In a directory like /tmp nobody can replace
    what is root's. Raises OSError."""
    found = path.stat()
    is_sticky = stat.S_ISDIR(found.st_mode) and found.st_mode & stat.S_ISVTX
    return found.st_uid != 0 or bool(found.st_mode & WRITABLE_BY_OTHERS and not is_sticky)


def remove_helper() -> Path | None:
    """Raises UsageError for what is none, or StoreError."""
    path = helper()
    if not os.path.lexists(path):
        return None
    if not _is_helper(path):
        raise UsageError(f"{path} is no helper as aklo-trace made it: it is left alone.")
    try:
        path.unlink()
    except OSError as error:
        raise StoreError(f"{path} cannot be removed: {reason_of(error)}.") from error
    return path


def _is_helper(path: Path) -> bool:
    """Whether it is a file of root's that has just these capabilities."""
    try:
        found = path.lstat()
        value = os.getxattr(path, CAPABILITY_XATTR, follow_symlinks=False)
    except OSError:
        return False
    return stat.S_ISREG(found.st_mode) and found.st_uid == 0 and value == CAPABILITY_VALUE
