"""syscalls.tsv makes sense."""

from __future__ import annotations

import pytest

from aklo_trace.ebpf import layout
from aklo_trace.syscalls import NONE, UNKNOWN, Syscall, by_name, by_number, operations, table

ARGUMENTS = range(6)
RETURNS = {"bytes", "fd", "pid", "value"}


def indexes(call: Syscall) -> list[int]:
    paths = [path for path in (call.path, call.path2) if path]
    of_paths = [index for path in paths for index in (path.index, path.dirfd)]
    return [index for index in (call.fd, call.fd2, call.offset, *of_paths) if index != NONE]


@pytest.mark.parametrize("call", table(), ids=lambda call: call.name)
def test_a_row_makes_sense(call: Syscall) -> None:
    used = indexes(call)
    assert set(used) <= set(ARGUMENTS)
    assert len(set(used)) == len(used), "one argument has two meanings"
    assert call.returns in RETURNS
    assert call.operation.isidentifier()
    assert call.numbers or call.name == UNKNOWN
    assert call.path or not call.path2
    assert not (call.at_position and call.offset != NONE)
    assert call.returns == "bytes" or not call.at_position
    assert call.fd != NONE or not call.at_position


@pytest.mark.parametrize("machine", ["x86_64", "i386", "aarch64"])
def test_numbers_are_unique_and_have_a_slot(machine: str) -> None:
    numbers = [call.numbers[machine] for call in table() if machine in call.numbers]
    assert len(set(numbers)) == len(numbers) == len(by_number(machine))
    assert max(numbers) < layout.UNKNOWN_SLOT


def test_names_and_codes_are_unique() -> None:
    assert len(by_name()) == len(table())
    assert [call.code for call in table()] == list(range(len(table())))


@pytest.mark.parametrize(
    ("machine", "name", "number"),
    [
        ("x86_64", "read", 0),
        ("x86_64", "execve", 59),
        ("x86_64", "openat", 257),
        ("x86_64", "clone3", 435),
        ("i386", "read", 3),
        ("i386", "execve", 11),
        ("i386", "openat", 295),
        ("aarch64", "read", 63),
        ("aarch64", "execve", 221),
    ],
)
def test_numbers_are_the_kernels(machine: str, name: str, number: int) -> None:
    assert by_number(machine)[number].name == name


def test_calls_that_take_paths_are_known() -> None:
    renameat2 = by_name()["renameat2"]
    assert (renameat2.path, renameat2.path2) != (None, None)
    assert [renameat2.path.index, renameat2.path.dirfd] == [1, 0]  # type: ignore[union-attr]
    assert [renameat2.path2.index, renameat2.path2.dirfd] == [3, 2]  # type: ignore[union-attr]


def test_operations_are_in_the_order_of_the_table() -> None:
    assert operations()[0] == table()[0].operation
    assert set(operations()) == {call.operation for call in table()}
