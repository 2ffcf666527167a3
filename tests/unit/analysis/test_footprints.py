"""Which pieces of work can be done without each other, by what they do to files."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pytest

from aklo_analysis.rules.case import Case
from aklo_analysis.rules.footprints import PARENT, independent

from .synthetic_trace import MS, SyntheticTrace

Done = tuple[int, str, str, str]
"""The number of a piece, a system call, the path or name of a file, and its kind."""


def are_independent(*done: Done) -> bool:
    """Whether the pieces that did this, one call after the other, can do without each other."""
    trace = SyntheticTrace()
    files: dict[tuple[str, str], int] = {}
    for pid in range(10, 15):
        trace.process(pid)
    for at, (piece, call, path, kind) in enumerate(done):
        if (path, kind) not in files:
            files[path, kind] = trace.file(path if path.startswith("/") else None, kind)
        on_path = call in ("openat", "newfstatat", "mkdir", "unlink")
        more = {"fd": 3} if call == "openat" or not on_path else {}
        trace.call(11 + piece, call, at * MS, 1000, file_id=files[path, kind], bytes=8, **more)
    case = Case.of(trace)
    pieces = np.array([piece for piece, *_ in done], np.int64)
    return independent(case, np.arange(len(done)), pieces)


def reads(piece: int, path: str) -> Iterable[Done]:
    return (piece, "openat", path, "regular"), (piece, "read", path, "regular")


def writes(piece: int, path: str) -> Iterable[Done]:
    return (piece, "openat", path, "regular"), (piece, "write", path, "regular")


def test_pieces_that_read_the_same_and_write_their_own_are_independent() -> None:
    first = *reads(0, "/etc/tool.conf"), *writes(0, "/out/a")
    assert are_independent(*first, *reads(1, "/etc/tool.conf"), *writes(1, "/out/b"))


@pytest.mark.parametrize(
    "use",
    [
        reads(1, "/out/a"),
        [(1, "newfstatat", "/out/a", "regular")],
        [(1, "openat", "/out/a", "regular")],
        [(PARENT, "openat", "/out/a", "regular"), (PARENT, "read", "/out/a", "regular")],
    ],
)
def test_what_one_writes_must_not_be_used_by_another(use: Iterable[Done]) -> None:
    assert not are_independent(*writes(0, "/out/a"), *use)
    assert are_independent(*writes(0, "/out/b"), *use)


def test_a_pipe_that_leads_from_one_to_another_ties_them() -> None:
    assert not are_independent((0, "write", "p", "pipe"), (1, "read", "p", "pipe"))
    assert are_independent((0, "write", "p", "pipe"), (1, "read", "q", "pipe"))


def test_two_may_write_to_what_was_open_before_but_not_open_one_file_for_it() -> None:
    assert are_independent((0, "write", "/out/log", "regular"), (1, "write", "/out/log", "regular"))
    assert not are_independent(*writes(0, "/out/log"), *writes(1, "/out/log"))


def test_two_must_not_read_on_in_what_was_open_before() -> None:
    assert not are_independent((0, "read", "/list", "regular"), (1, "read", "/list", "regular"))
    assert are_independent((0, "read", "/list", "regular"), *reads(1, "/list"))


def test_a_folder_that_is_listed_must_not_change() -> None:
    listing = (1, "openat", "/out", "directory"), (1, "getdents64", "/out", "directory")
    assert not are_independent(*writes(0, "/out/a"), *listing)
    assert not are_independent((0, "unlink", "/out/a", "regular"), *listing)
    assert are_independent(*writes(0, "/elsewhere/a"), *listing)


def test_what_the_parent_writes_can_be_for_one_of_them_but_not_for_two() -> None:
    given = PARENT, "write", "/in", "regular"
    assert are_independent(given, *reads(0, "/in"))
    assert not are_independent(given, *reads(0, "/in"), *reads(1, "/in"))


def test_devices_tie_nobody() -> None:
    null = "/dev/null", "character"
    assert are_independent((0, "write", *null), (1, "openat", *null), (1, "read", *null))
