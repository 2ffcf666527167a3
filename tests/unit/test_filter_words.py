"""--syscalls and --programs, read."""

from __future__ import annotations

import pytest

from aklo_trace.ebpf import layout
from aklo_trace.ebpf.specs import specs
from aklo_trace.errors import UsageError
from aklo_trace.filter import MOST_PROGRAMS, Filter, parse
from aklo_trace.syscalls import UNKNOWN, by_name, by_number, operations, table


def recorded(chosen: Filter) -> set[str]:
    return {call.name for call in table() if chosen.records(call)}


ALWAYS = {call.name for call in table() if Filter().always(call)}
ALL = set(by_name())


def of_class(operation: str) -> set[str]:
    return {call.name for call in table() if call.operation == operation}


def test_without_words_everything_is_recorded() -> None:
    assert parse([], []) == Filter()
    assert recorded(parse([], [])) == ALL


@pytest.mark.parametrize(
    ("words", "wanted"),
    [
        (["getpid"], {"getpid"}),
        (["getpid", "futex"], {"getpid", "futex"}),
        (["memory"], of_class("memory")),
        (["memory", "!mmap"], of_class("memory") - {"mmap"}),
        (["!memory"], ALL - of_class("memory")),
        (["!memory", "!getpid"], ALL - of_class("memory") - {"getpid"}),
        (["getpid", "!getpid"], set()),
    ],
)
def test_words_choose_calls(words: list[str], wanted: set[str]) -> None:
    assert recorded(parse(words, [])) == wanted | ALWAYS


def test_a_word_that_is_a_call_and_a_class_means_the_call() -> None:
    assert "read" in operations()
    assert recorded(parse(["read"], [])) == {"read"} | ALWAYS


def test_what_is_needed_to_understand_the_others_is_always_recorded() -> None:
    needed = {"execve", "clone", "vfork", "exit_group", "openat", "close", "dup2", "pipe2"}
    needed |= {"wait4", "waitid"}
    assert needed | {"fchdir", "chroot", "socket", "accept4", "fcntl"} <= ALWAYS
    assert not {"read", "mmap", "newfstatat", "getpid"} & ALWAYS


@pytest.mark.parametrize("word", ["reed", "", "!", "!!read", "READ", "read write"])
def test_an_unknown_word_is_named_with_those_that_exist(word: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse([word], [])
    assert f"'{word.removeprefix('!')}'" in str(caught.value)
    assert "memory" in str(caught.value)


def test_names_of_programs_are_cut_as_the_kernel_cuts_them() -> None:
    assert parse([], ["a" * 20, "sh", "caf\udce9"]).programs == (b"a" * 15, b"sh", b"caf\xe9")


def test_too_many_programs_are_refused() -> None:
    assert len(parse([], ["x"] * MOST_PROGRAMS).programs) == MOST_PROGRAMS
    with pytest.raises(UsageError, match="17 names"):
        parse([], ["x"] * (MOST_PROGRAMS + 1))


def flags_by_slot(chosen: Filter) -> list[int]:
    return [row[0] for row in specs("x86_64", chosen)]


def test_the_kernels_table_says_the_same() -> None:
    chosen = parse(["!memory"], [])
    flags = flags_by_slot(chosen)
    assert len(flags) == layout.SYSCALL_SLOTS
    for first, machine in ((0, "x86_64"), (layout.COMPAT_SLOT, "i386")):
        for number, call in by_number(machine).items():
            found = flags[first + number]
            assert bool(found & layout.SPEC_RECORD) == chosen.records(call), call.name
            assert bool(found & layout.SPEC_ALWAYS) == chosen.always(call), call.name


@pytest.mark.parametrize(
    ("words", "expected"), [([], True), (["!memory"], True), (["read"], False), ([UNKNOWN], True)]
)
def test_unknown_numbers_follow_the_filter(words: list[str], expected: bool) -> None:
    flags = flags_by_slot(parse(words, []))
    assert bool(flags[layout.UNKNOWN_SLOT] & layout.SPEC_RECORD) == expected
