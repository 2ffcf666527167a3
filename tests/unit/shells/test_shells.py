"""Which files are shells, and where their state lies."""

from __future__ import annotations

import os
import shutil
import struct
from pathlib import Path

import pytest
from elftools.elf.elffile import ELFFile
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from aklo_trace.ebpf import layout
from aklo_trace.ebpf.shells import (
    ARRAYS,
    SYMBOLS,
    Binary,
    candidates,
    examine,
    examine_named,
    kernel_identity,
    known_shells,
)

BASH = Path(shutil.which("bash") or "/bin/bash").resolve()
PROGRAM = BASH.read_bytes()
ELF_HEADER_BYTES = 64
FIELDS = [name for name, _ in layout.SHELL_LAYOUT.fields]


def examined(path: Path) -> tuple[Binary, dict[str, int]]:
    fd = os.open(path, os.O_RDONLY)
    try:
        binary, packed = examine(fd, str(path))
    finally:
        os.close(fd)
    values = struct.unpack(layout.SHELL_LAYOUT.format, packed)
    return binary, dict(zip(FIELDS, values, strict=True))


def altered(path: Path, before: bytes, after: bytes) -> Path:
    assert before in PROGRAM
    path.write_bytes(PROGRAM.replace(before, after))
    return path


def test_bash_is_known_by_its_contents(tmp_path: Path) -> None:
    path = altered(tmp_path / "any name", b"", b"")
    path.write_bytes(PROGRAM)
    binary, fields = examined(path)
    assert binary.shell is not None
    assert binary.shell.startswith("bash 5.")
    assert binary.reason is None
    assert (binary.inode, fields["inode"]) == (path.stat().st_ino,) * 2
    assert fields["is_bash"] == 1


def test_addresses_are_those_of_the_symbols() -> None:
    _, fields = examined(BASH)
    with BASH.open("rb") as file:
        symbols = ELFFile(file).get_section_by_name(".dynsym")
        for field, name in SYMBOLS.items():
            (symbol,) = symbols.get_symbol_by_name(name)
            assert fields[field] == symbol["st_value"]


def test_another_program_is_no_shell() -> None:
    binary, fields = examined(Path("/bin/true").resolve())
    assert (binary.shell, binary.reason) == (None, None)
    assert fields["is_bash"] == 0


@pytest.mark.parametrize("text", [b"", b"#!/bin/bash\n", b"@(#)Bash version 5.2.0", b"\x7fELF"])
def test_other_files_are_no_shells(tmp_path: Path, text: bytes) -> None:
    path = tmp_path / "file"
    path.write_bytes(text)
    assert examined(path)[0].shell is None


def test_a_version_across_two_chunks_is_found(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"\x7fELF".ljust((1 << 20) - 9, b"\0") + b"@(#)Bash version 5.2.37(1)")
    assert examined(path)[0].shell == "bash 5.2.37"


def test_a_version_of_a_thousand_digits_is_none(tmp_path: Path) -> None:
    path = tmp_path / "bash"
    path.write_bytes(b"\x7fELF@(#)Bash version " + b"9" * 5000 + b".1.1")
    assert examined(path)[0].shell is None


def test_a_symbol_beyond_all_memory_is_refused(tmp_path: Path) -> None:
    """Its end does not fit into the 64 bits that the kernel side has for it."""
    data = bytearray(PROGRAM)
    with (tmp_path / "program").open("wb+") as file:
        file.write(PROGRAM)
        table = ELFFile(file).get_section_by_name(".dynsym")
        names = [symbol.name for symbol in table.iter_symbols()]
    size = table["sh_offset"] + names.index("set_builtin") * table["sh_entsize"] + 16
    data[size : size + 8] = b"\xff" * 8
    path = tmp_path / "bash"
    path.write_bytes(data)
    binary, fields = examined(path)
    assert (fields["is_bash"], "beyond all memory" in str(binary.reason)) == (0, True)


def test_an_unknown_version_says_which_are_known(tmp_path: Path) -> None:
    path = altered(tmp_path / "bash", b"Bash version 5.", b"Bash version 8.")
    binary, fields = examined(path)
    assert binary.reason == (
        "this version's variables are not known (supported: 5.0, 5.1, 5.2, 5.3)"
    )
    assert [value for name, value in fields.items() if name not in ("inode", "dev")] == [0] * (
        len(fields) - 2
    )


def test_a_missing_symbol_is_named(tmp_path: Path) -> None:
    path = altered(tmp_path / "bash", b"evalnest\0", b"evalnesT\0")
    assert examined(path)[0].reason == "it has no symbol evalnest"


def test_a_32_bit_bash_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "bash"
    path.write_bytes(PROGRAM[:4] + b"\x01" + PROGRAM[5:])
    assert examined(path)[0].reason == "it is a 32-bit program"


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    changes=st.lists(
        st.tuples(st.integers(0, 0x4000), st.binary(min_size=1, max_size=8)), min_size=1, max_size=6
    ),
    header=st.tuples(st.integers(4, ELF_HEADER_BYTES - 1), st.binary(min_size=1, max_size=4)),
    length=st.integers(0, 2 * len(PROGRAM)),
)
def test_a_damaged_bash_is_refused_or_read(
    tmp_path: Path, changes: list[tuple[int, bytes]], header: tuple[int, bytes], length: int
) -> None:
    """Never an error: it would end the recording."""
    data = bytearray(PROGRAM)
    for place, text in [*changes, header]:
        data[place : place + len(text)] = text
    path = tmp_path / "bash"
    path.write_bytes(data[:length])
    binary, fields = examined(path)
    assert binary.reason is None or not fields["is_bash"]


def test_a_header_that_leads_to_beyond_the_file_is_refused(tmp_path: Path) -> None:
    """The sections are said to begin at the first byte: what stands there leads anywhere."""
    path = tmp_path / "bash"
    path.write_bytes(PROGRAM[:6] + b"\0" + PROGRAM[7:40] + b"\0" + PROGRAM[41:])
    assert "cannot be read" in str(examined(path)[0].reason)


def test_all_versions_have_a_layout() -> None:
    assert set(ARRAYS) == {(5, minor) for minor in range(4)}


def test_identity_is_the_kernels(tmp_path: Path) -> None:
    fd = os.open(tmp_path, os.O_RDONLY)
    try:
        dev, inode = kernel_identity(fd)
    finally:
        os.close(fd)
    assert inode == tmp_path.stat().st_ino
    assert dev >> 20 or dev & 0xFFFFF


def test_a_file_that_was_replaced_is_not_taken_for_the_old_one(tmp_path: Path) -> None:
    path = tmp_path / "bash"
    path.write_bytes(PROGRAM)
    found, _ = examined(path)
    identity = found.dev, found.inode
    assert examine_named(str(path), "p", identity) is not None
    other = tmp_path / "other"
    other.write_bytes(PROGRAM)
    other.replace(path)
    assert examine_named(str(path), "p", identity) is None


def test_a_search_path_may_name_what_cannot_be(tmp_path: Path) -> None:
    (tmp_path / "bash").touch()
    found = candidates("script", f"/{'x' * 300}:{tmp_path}")
    assert (tmp_path / "bash").resolve() in found


def test_candidates_are_the_command_its_interpreter_and_those_on_the_path(tmp_path: Path) -> None:
    folder = tmp_path.resolve()
    shell = folder / "my shell"
    shell.write_bytes(PROGRAM)
    linked = folder / "linked"
    linked.symlink_to(shell)
    script = folder / "script"
    script.write_text(f"#! {linked} -x\n")
    found = candidates("script", f"{folder}:{folder}")
    assert {script, shell, BASH} <= set(found)
    assert len(found) == len(set(found))
    assert {script, shell} <= set(candidates(str(script), ""))


@pytest.mark.parametrize("text", [b"", b"#!", b"#!\n", b"#! \xff\n", b"no script", b"#!/nowhere\n"])
def test_odd_first_lines_are_no_interpreters(tmp_path: Path, text: bytes) -> None:
    script = tmp_path / "script"
    script.write_bytes(text)
    assert script.resolve() in candidates(str(script), "")


def test_known_shells_are_each_once(tmp_path: Path) -> None:
    shells = known_shells(str(BASH), os.environ["PATH"])
    identities = [(binary.dev, binary.inode) for binary, _ in shells]
    assert len(identities) == len(set(identities))
    assert any(binary.shell and binary.path == str(BASH) for binary, _ in shells)
    assert known_shells(str(tmp_path / "absent"), "")
