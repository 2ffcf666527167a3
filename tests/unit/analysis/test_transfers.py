"""Which reads and writes of files are sequential."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aklo_analysis.report import build
from aklo_analysis.tables.access import Access, Accesses

from .synthetic_trace import MS, SyntheticTrace


def transferred(*calls: tuple[int, str, int | None, int]) -> Accesses:
    """The access of a file by calls of processes, in order: pid, system call, offset, bytes."""
    trace = SyntheticTrace()
    for pid in 10, 11:
        trace.process(pid, 0, 900 * MS)
    file = trace.file("/x")
    for number, (pid, syscall, offset, moved) in enumerate(calls):
        trace.call(pid, syscall, number * MS, 1, file_id=file, offset=offset, bytes=moved)
    report = build(trace)
    assert all(row.access == report.access for row in report.files.rows)
    return report.access


def reads(*places: tuple[int | None, int]) -> Access:
    return transferred(*((10, "read", offset, moved) for offset, moved in places)).reads


def test_a_transfer_that_goes_on_where_the_last_ended_is_sequential() -> None:
    assert reads((0, 10), (10, 5), (15, 1)) == Access(sequential=3, sequential_bytes=16)


@pytest.mark.parametrize("offset", [11, 5, 4096])
def test_a_transfer_elsewhere_is_random(offset: int) -> None:
    found = reads((5, 1), (offset, 5))
    assert (found.sequential, found.random, found.random_bytes) == (0, 2, 6)


def test_after_reading_ahead_one_may_go_on_behind_the_beginning_but_not_before() -> None:
    assert reads((0, 100), (20, 100), (60, 100)).random == 0
    assert reads((0, 100), (20, 100), (20, 100), (10, 10)).random == 2


def test_to_begin_again_is_sequential() -> None:
    assert reads((0, 10), (0, 10), (0, 5), (5, 5)).random == 0


def test_reading_and_writing_do_not_disturb_each_other() -> None:
    found = transferred(
        (10, "read", 0, 10), (10, "write", 0, 7), (10, "read", 10, 10), (10, "pwrite64", 7, 1)
    )
    assert (found.reads.sequential, found.writes.sequential) == (2, 2)


def test_processes_can_read_side_by_side_or_go_on_where_another_ended() -> None:
    places = [(10, 0), (11, 0), (10, 10), (11, 10), (10, 20), (11, 30)]
    found = transferred(*((pid, "read", offset, 10) for pid, offset in places)).reads
    assert (found.sequential, found.random) == (6, 0)
    assert transferred((10, "read", 0, 10), (11, "read", 20, 5)).reads.random == 1


def test_what_moved_nothing_or_failed_does_not_count() -> None:
    assert reads((0, 10), (10, 0)) == Access(sequential=1, sequential_bytes=10)


def test_of_what_began_somewhere_unknown_nothing_is_said() -> None:
    assert reads((None, 10), (10, 5)) == Access(
        random=1, random_bytes=5, unplaced=1, unplaced_bytes=10
    )


def test_calls_need_not_be_in_the_order_of_time() -> None:
    trace = SyntheticTrace()
    trace.process(10, 0, 900 * MS)
    file = trace.file("/x")
    for at, offset in (3, 20), (1, 0), (2, 10):
        trace.call(10, "read", at, 1, file_id=file, offset=offset, bytes=10)
    assert build(trace).access.reads.sequential == 3


def test_pipes_and_terminals_have_no_positions() -> None:
    trace = SyntheticTrace()
    trace.process(10, 0, 900 * MS)
    for file in trace.file(None, "pipe"), trace.file("/dev/pts/1", "terminal"), None:
        trace.call(10, "read", 1, 1, file_id=file, fd=3, bytes=10)
    assert build(trace).access == Accesses(Access(), Access())


transfers = st.tuples(
    st.sampled_from((10, 11, 12)),
    st.sampled_from(("read", "write", "pread64")),
    st.none() | st.integers(0, 40),
    st.integers(0, 20),
)


@given(st.lists(transfers, max_size=30))
def test_every_transfer_is_sequential_or_random_or_unplaced(
    calls: list[tuple[int, str, int | None, int]],
) -> None:
    found = transferred(*calls)
    for access, names in (found.reads, {"read", "pread64"}), (found.writes, {"write"}):
        moved = [(offset, count) for _, name, offset, count in calls if name in names and count]
        unplaced = [count for offset, count in moved if offset is None]
        assert access.placed + access.unplaced == len(moved)
        assert (access.unplaced, access.unplaced_bytes) == (len(unplaced), sum(unplaced))
        assert access.sequential_bytes + access.random_bytes + access.unplaced_bytes == sum(
            count for _, count in moved
        )
