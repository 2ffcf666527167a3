"""Stacks by the numbers that the kernel side gave them."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from aklo_trace.ebpf import layout
from aklo_trace.ebpf.records import dtype_of
from aklo_trace.ebpf.stacks import Stacks
from aklo_trace.events import NO_SITE, Frame, Site
from aklo_trace.schema import SiteFlag

TEXT = b"f\0/lib\x007\0main\0/s\x000\0"
FRAMES = (Frame(b"f", b"/lib", 7), Frame(b"main", b"/s", 0))


@pytest.fixture
def stacks() -> Stacks:
    found = Stacks()
    found.add({"stack": 5, "frames": 2, "flags": 0}, TEXT)
    return found


def events(*rows: tuple[int, int, int]) -> npt.NDArray[np.void]:
    """Stack, line and flags of each."""
    found = np.zeros(len(rows), dtype_of(layout.EVENT))
    for row, values in zip(found, rows, strict=True):
        row["stack"], row["line"], row["flags"] = values
    return found


def test_a_stack_has_the_frames_of_its_record(stacks: Stacks) -> None:
    assert stacks.site(5, 3, 0) == Site(FRAMES, 3)


def test_a_line_of_zero_is_unknown(stacks: Stacks) -> None:
    assert stacks.site(5, 0, 0) == Site(FRAMES, None)


def test_a_shell_outside_of_everything_has_a_line_alone(stacks: Stacks) -> None:
    assert stacks.site(0, 3, 0) == Site((), 3)
    assert stacks.site(0, 0, 0) is None


def test_a_stack_that_was_lost_is_no_place(stacks: Stacks) -> None:
    assert stacks.site(6, 3, 0) is None


def test_flags_of_the_stack_and_of_the_event_come_together(stacks: Stacks) -> None:
    flags = layout.STACK_TRUNCATED | layout.STACK_NAME_TRUNCATED
    stacks.add({"stack": 6, "frames": 1, "flags": flags}, TEXT)
    site = stacks.site(6, 3, layout.EVENT_LINE_RELATIVE | layout.EVENT_UNFINISHED)
    assert site == Site(
        FRAMES[:1],
        3,
        SiteFlag.STACK_TRUNCATED | SiteFlag.NAME_TRUNCATED | SiteFlag.LINE_RELATIVE,
    )


@pytest.mark.parametrize(("line", "number"), [(b"", 0), (b"-1", 0), (b"x", 0), (b"12", 12)])
def test_a_line_that_is_no_number_is_unknown(line: bytes, number: int) -> None:
    stacks = Stacks()
    stacks.add({"stack": 1, "frames": 1, "flags": 0}, b"f\0/s\0" + line + b"\0")
    assert stacks.site(1, 1, 0) == Site((Frame(b"f", b"/s", number),), 1)


def test_a_column_says_what_its_events_say_one_by_one(stacks: Stacks) -> None:
    relative = layout.EVENT_LINE_RELATIVE
    rows = [(5, 3, 0), (0, 0, 0), (5, 3, relative), (5, 4, 0), (6, 3, 0), (0, 9, 0), (5, 3, 0)]
    codes, sites = stacks.sites(events(*rows))
    found = [None if code == NO_SITE else sites[code] for code in codes.tolist()]
    assert found == [stacks.site(*row) for row in rows]
    assert len(sites) == len(set(sites)) == 4


def test_no_events_have_no_places(stacks: Stacks) -> None:
    codes, sites = stacks.sites(events())
    assert (codes.tolist(), sites) == ([], [])


def test_large_numbers_do_not_run_into_each_other() -> None:
    stacks = Stacks()
    many, far = 2**30 - 1, 2**31 - 1
    for stack in (many, many - 1):
        stacks.add({"stack": stack, "frames": 1, "flags": 0}, b"f\0/s\0%d\0" % stack)
    rows = [(stack, line, 0) for stack in (many, many - 1) for line in (far, far - 1)]
    codes, sites = stacks.sites(events(*rows))
    found = [(sites[code].frames[0].called_from, sites[code].line, 0) for code in codes]
    assert found == rows


def test_lines_that_no_file_has_are_unknown() -> None:
    """They come from memory that a program can write what it likes into."""
    stacks = Stacks()
    stacks.add({"stack": 1, "frames": 1, "flags": 0}, b"f\0/s\0%d\0" % 2**40)
    assert stacks.site(1, 2**32 - 1, 0) == Site((Frame(b"f", b"/s", 0),), None)
