"""Which executable files are shells whose state can be read, and where it lies in them.

Distributions link bash with its dynamic symbols exported, for loadable builtins, so a stripped
bash still names its variables. How an ARRAY of bash is laid out depends on its version.
Source: array.h, variables.h and hashlib.h of bash.
"""

from __future__ import annotations

import json
import os
import re
import struct
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import BinaryIO, Final

from elftools.common.exceptions import ELFError
from elftools.elf.elffile import ELFFile
from elftools.elf.hash import GNUHashTable
from elftools.elf.sections import SymbolTableSection

from aklo_trace.ebpf import layout
from aklo_trace.ebpf.devices import packed
from aklo_trace.fdinfo import fdinfo, mount_devices
from aklo_trace.plain_file import open_plain

VERSION: Final = re.compile(rb"@\(#\)Bash version (\d{1,3})\.(\d{1,3})\.(\d{1,3})")
SYMBOLS: Final = {
    "line_number": "line_number",
    "running_trap": "running_trap",
    "eval_depth": "evalnest",
    "environment": "subshell_environment",
    "variables": "global_variables",
}
"""By field of struct shell_layout, the variable of bash."""
FUNCTION_SYMBOLS: Final = {
    "function_depth": "funcnest",
    "source_depth": "sourcelevel",
    "return_status": "return_catch_value",
    "last_status": "last_command_exit_value",
}
"""The same, of those that are read for calls of functions only."""
SUBSTITUTION_SYMBOLS: Final = {"substitution_depth": "executing_funsub"}
"""The same, of bash 5.3."""
BUILTINS: Final = {"set_builtin": "set_builtin", "source_builtin": "source_builtin"}
"""The same, of functions whose extent is needed."""
ARRAYS: Final = {
    (5, 0): {"count_offset": 16, "head_is_last": 1},
    (5, 1): {"count_offset": 16, "head_is_last": 0},
    (5, 2): {"count_offset": 8, "head_is_last": 0},
    (5, 3): {"count_offset": 8, "head_is_last": 0},
}
"""By version of bash, where an ARRAY keeps its count, and whether its head is one word behind it
or two."""
SHELLS_FILE: Final = "shells.jsonl"
"""A Binary a line, as JSON."""
NAMES: Final = ("bash", "sh", "rbash")
EXECUTABLE: Final = 1
WORD_BITS: Final = 64
DAMAGED: Final = (
    ELFError,
    ArithmeticError,
    AssertionError,
    AttributeError,
    LookupError,
    MemoryError,
    OSError,
    TypeError,
    ValueError,
    struct.error,
)
"""What pyelftools raises on files that are not what they should be, or that cannot be read."""
CHUNK_BYTES: Final = 1 << 20
CHUNKS: Final = 16
"""How much of a file is searched for bash's name: it is 1 to 2 MB large."""
OVERLAP_BYTES: Final = 64


@dataclass(frozen=True)
class Binary:
    """An executable file, by the identity that the kernel knows it under. `shell` is what it is,
    if it is bash; `reason` says why its state cannot be read."""

    dev: int
    inode: int
    path: str
    shell: str | None = None
    reason: str | None = None

    def as_json(self) -> str:
        return json.dumps(asdict(self))


def candidates(command: str, search_path: str) -> list[Path]:
    """Files that are likely to be a script's shell, each once: the command itself or the
    interpreter that its first line names, and the shells on the search path."""
    folders = [Path(folder) for folder in search_path.split(os.pathsep) if folder]
    folders += [Path("/bin"), Path("/usr/bin"), Path("/usr/local/bin")]
    itself = [Path(command)] if "/" in command else [folder / command for folder in folders]
    found = [folder / name for folder in folders for name in NAMES]
    for path in itself:
        found += [path, *_interpreter(path)]
    return list({path.resolve(): None for path in found if _is_file(path)})


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:  # in a folder that may not be searched, or whose name is too long
        return False


def _interpreter(script: Path) -> list[Path]:
    """That the first line of a script names."""
    try:
        with os.fdopen(open_plain(script), "rb") as file:
            first = file.readline(256)
    except OSError:
        return []
    words = first[2:].split() if first.startswith(b"#!") else []
    return [Path(os.fsdecode(words[0]))] if words else []


def known_shells(command: str, search_path: str) -> list[tuple[Binary, bytes]]:
    """The shells among the candidates, with their struct shell_layout."""
    found = {}
    for path in candidates(command, search_path):
        try:
            fd = open_plain(path)
        except OSError:  # a file that cannot be read can still be executed
            continue
        try:
            binary, fields = examine(fd, str(path))
        except OSError:
            continue
        finally:
            os.close(fd)
        found[binary.dev, binary.inode] = binary, fields
    return list(found.values())[: layout.SHELLS]


def examine(fd: int, path: str) -> tuple[Binary, bytes]:
    """What the open file is, and its struct shell_layout. Raises OSError."""
    dev, inode = kernel_identity(fd)
    shell, reason, fields = None, None, {"is_bash": 0}
    with open(fd, "rb", closefd=False) as file:
        version = _version(file)
        if version:
            shell = "bash " + ".".join(map(str, version))
            reason, fields = _layout(file, version)
    try:
        packed = layout.SHELL_LAYOUT.pack(inode=inode, dev=dev, **fields)
    except struct.error:  # addresses and sizes that no program has
        reason = "its symbols cannot be read (an address is beyond all memory)"
        packed = layout.SHELL_LAYOUT.pack(inode=inode, dev=dev)
    return Binary(dev, inode, path, shell, reason), packed


def examine_named(
    name: str | bytes, path: str, identity: tuple[int, int]
) -> tuple[Binary, bytes] | None:
    """`examine` the file of that name if it is the one that the kernel knows as `identity`: device
    and inode. Raises OSError."""
    fd = open_plain(Path(os.fsdecode(name)))
    try:
        return examine(fd, path) if kernel_identity(fd) == identity else None
    finally:
        os.close(fd)


def kernel_identity(fd: int) -> tuple[int, int]:
    """Device, as the kernel packs it, and inode of one of our descriptors. Raises OSError.

    Of a file without a name, or in a mount namespace that is not ours, stat(2) has the device: on
    overlay and btrfs it is another than the kernel's, and the file is nobody's then."""
    process = Path("/proc/self")
    info, devices = fdinfo(process / "fdinfo" / str(fd)), mount_devices(process)
    status = os.fstat(fd)
    return packed(devices.get(info["mnt_id"], status.st_dev)), info.get("ino", status.st_ino)


def _version(file: BinaryIO) -> tuple[int, int, int] | None:
    """Of a bash; None for any other file."""
    data = file.read(CHUNK_BYTES)
    if not data.startswith(b"\x7fELF"):
        return None
    for _ in range(CHUNKS):
        if found := VERSION.search(data):
            return int(found[1]), int(found[2]), int(found[3])
        following = file.read(CHUNK_BYTES)
        if not following:
            break
        data = data[-OVERLAP_BYTES:] + following
    return None


def _layout(file: BinaryIO, version: tuple[int, int, int]) -> tuple[str | None, dict[str, int]]:
    """Why a bash cannot be read, or the fields of its struct shell_layout."""
    arrays = ARRAYS.get(version[:2])
    if arrays is None:
        supported = ", ".join(f"{major}.{minor}" for major, minor in ARRAYS)
        return f"this version's variables are not known (supported: {supported})", {"is_bash": 0}
    try:
        elf = ELFFile(file)
        if elf.elfclass != WORD_BITS:
            return f"it is a {elf.elfclass}-bit program", {"is_bash": 0}
        addresses = symbols(elf, SYMBOLS)
        code = min(
            segment["p_vaddr"]
            for segment in elf.iter_segments("PT_LOAD")
            if segment["p_flags"] & EXECUTABLE
        )
        of_functions = function_layout(elf) or {}
    except DAMAGED as error:
        return f"its symbols cannot be read ({error})", {"is_bash": 0}
    missing = [symbol for field, symbol in SYMBOLS.items() if field not in addresses]
    if missing:
        return f"it has no symbol {missing[0]}", {"is_bash": 0}
    return None, {"is_bash": 1, "code": code, **arrays, **addresses, **of_functions}


def function_layout(elf: ELFFile) -> dict[str, int] | None:
    """The fields of struct shell_layout that calls of functions need; None if one is missing."""
    found = symbols(elf, FUNCTION_SYMBOLS) | symbols(elf, BUILTINS)
    if len(found) < len(FUNCTION_SYMBOLS) + len(BUILTINS):
        return None
    sizes = symbols(elf, BUILTINS, "st_size")
    ends = {f"{field}_end": found[field] + size for field, size in sizes.items()}
    return found | ends | symbols(elf, SUBSTITUTION_SYMBOLS)


def symbols(elf: ELFFile, names: Mapping[str, str], attribute: str = "st_value") -> dict[str, int]:
    """By key of `names`, the address of the exported symbol of that name, if there is one."""
    hashes = elf.get_section_by_name(".gnu.hash")
    table = elf.get_section_by_name(".dynsym")
    found = {}
    for key, name in names.items():
        if isinstance(hashes, GNUHashTable):
            entries = [hashes.get_symbol(name)]
        elif isinstance(table, SymbolTableSection):
            entries = table.get_symbol_by_name(name) or []
        else:
            return {}
        for symbol in entries:
            if symbol is not None and symbol["st_shndx"] != "SHN_UNDEF":
                found[key] = symbol[attribute]
    return found
