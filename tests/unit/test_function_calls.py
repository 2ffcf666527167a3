"""Beginnings and ends of functions, paired; and where probes go."""

from __future__ import annotations

from itertools import count
from typing import Final

import pytest

from aklo_trace.ebpf import layout
from aklo_trace.ebpf.function_calls import CallPairs
from aklo_trace.ebpf.function_probes import ENDBR64, Point, point_at
from aklo_trace.ebpf.probe_cost import Probes
from aklo_trace.ebpf.stacks import Stacks
from aklo_trace.events import NULL
from aklo_trace.schema import CallFlag

OFFSET_NS: Final = 1_000_000
PROC, TID = 7, 70


class Told:
    """A process that tells of its functions, a hundred nanoseconds apart."""

    def __init__(self) -> None:
        stacks = Stacks()
        for number, frame in enumerate((b"low\0/s\x002", b"high\0/s\x003"), start=1):
            text = frame + b"\0main\0/s\x000\0"
            stacks.add({"stack": number, "frames": 2, "flags": 0, "bytes": len(text)}, text)
        self.pairs = CallPairs(stacks, OFFSET_NS)
        self._times = count(100, 100)

    def begin(self, depth: int, stack: int = 1, proc_id: int = PROC) -> None:
        self._add(depth, proc_id, 0, stack=stack)

    def end(self, depth: int, status: int | None = 0, proc_id: int = PROC) -> None:
        has_status = 0 if status is None else layout.FUNCTION_HAS_STATUS
        self._add(depth, proc_id, layout.FUNCTION_ENDS | has_status, status=status or 0)

    def exit(self, flag: CallFlag = CallFlag.ENDED_BY_EXIT) -> None:
        self.pairs.close(PROC, next(self._times), flag)

    def rows(self) -> list[tuple[int, int, int, int, int]]:
        """Depth, beginning, duration, status and flags of each call, in the order of the ends."""
        found = self.pairs.taken()
        if found is None:
            return []
        columns = (found.depth, found.ts_ns - OFFSET_NS, found.dur_ns, found.status, found.flags)
        return list(zip(*(column.tolist() for column in columns), strict=True))

    def _add(self, depth: int, proc_id: int, flags: int, **values: int) -> None:
        record = dict.fromkeys((name for name, _ in layout.FUNCTION_RECORD.fields), 0) | values
        place = {"proc_id": proc_id, "tid": TID, "depth": depth, "ts_ns": next(self._times)}
        self.pairs.add(record | place | {"flags": flags})


@pytest.fixture
def told() -> Told:
    return Told()


def test_a_call_within_another_ends_before_it(told: Told) -> None:
    told.begin(1)
    told.begin(2)
    told.end(2, 3)
    told.end(1, 4)
    assert told.rows() == [(2, 200, 100, 3, 0), (1, 100, 300, 4, 0)]
    assert told.rows() == []


def test_an_unknown_status_is_null(told: Told) -> None:
    told.begin(1)
    told.end(1, None)
    assert told.rows() == [(1, 100, 100, NULL, 0)]


@pytest.mark.parametrize("flag", [CallFlag.ENDED_BY_EXIT, CallFlag.ENDED_BY_EXEC])
def test_what_is_open_ends_with_its_process(told: Told, flag: CallFlag) -> None:
    told.begin(1)
    told.begin(2)
    told.exit(flag)
    assert told.rows() == [(2, 200, 100, NULL, flag), (1, 100, 200, NULL, flag)]


def test_an_end_of_the_parents_function_ends_none(told: Told) -> None:
    told.begin(1, proc_id=1)
    told.begin(2)
    told.end(2)
    told.end(1)
    assert told.rows() == [(2, 200, 100, 0, 0)]


def test_a_call_whose_end_is_lost_ends_when_its_process_is_further_out(told: Told) -> None:
    told.begin(1)
    told.begin(2)
    told.begin(2)
    told.end(1)
    unseen = CallFlag.END_UNSEEN
    assert told.rows() == [(2, 200, NULL, NULL, unseen), (2, 300, NULL, NULL, unseen),
                           (1, 100, 300, 0, 0)]  # fmt: skip


def test_what_never_ended_is_there_in_the_end(told: Told) -> None:
    told.begin(1)
    assert told.rows() == []
    told.pairs.finish()
    assert told.rows() == [(1, 100, NULL, NULL, CallFlag.END_UNSEEN)]


def test_a_call_has_its_function_and_its_callers_line(told: Told) -> None:
    told.begin(1, stack=2)
    told.begin(2, stack=1)
    told.begin(3, stack=99)  # lost
    told.exit()
    found = told.pairs.taken()
    assert found is not None
    lost, low, high = (found.calls[code] for code in found.call.tolist())
    assert (low.function, high.function, lost.function) == (b"low", b"high", None)
    assert low.site
    assert low.site.line == 2
    assert [frame.function for frame in low.site.frames] == [b"main"]
    assert lost.site is None


@pytest.mark.parametrize(
    ("head", "point"),
    [
        ("53 89fb", Point(64, True)),
        ("4157 4156", Point(64, True)),
        ("f30f1efa 55 4889e5", Point(68, True)),
        ("f30f1efa 4155", Point(68, True)),
        ("f30f1efa 4883ec18", Point(64, False)),
        ("4883ec18", Point(64, False)),
        ("4889e5", Point(64, False)),
        ("", Point(64, False)),
    ],
)
def test_a_probe_stands_on_a_push_where_there_is_one(head: str, point: Point) -> None:
    assert len(ENDBR64) == 4
    assert point_at(bytes.fromhex(head), 64) == point


def test_the_cost_is_what_was_counted_and_what_was_measured() -> None:
    probes = Probes.of({"probed": [[1 << 20 | 2, 3]], "trap_ns": 1500, "trial_hits": 1000})
    assert probes
    assert probes.shells == {(0x102, 3)}
    said = probes.cost(hits=20_000, program_ns=10_000_000, others=1007)
    assert "20,000 hits" in said
    assert "about 40.0 ms" in said
    assert "1.5 µs each" in said
    assert "hit them 7 times" in said


def test_a_cost_that_was_not_measured_is_not_made_up() -> None:
    probes = Probes.of({"probed": [], "trap_ns": None, "trial_hits": 0})
    assert probes
    said = probes.cost(hits=2, program_ns=10_000_000, others=0)
    assert "10.0 ms and what it takes" in said
