"""Whose the records of a watch are, and which of them name processes."""

from __future__ import annotations

from aklo_trace.ebpf import layout
from aklo_trace.ebpf.sorting import NAMING, PLACES, owners
from aklo_trace.ebpf.watch_spool import Span
from aklo_trace.ebpf.watching import Root


def test_every_record_that_names_a_process_is_known() -> None:
    structs = {
        value
        for name, value in vars(layout).items()
        if name.endswith("_RECORD") and isinstance(value, layout.Struct)
    }
    naming = {struct for struct in structs if "proc_id" in dict(struct.fields)}
    assert naming == set(NAMING.values())
    forked = PLACES[layout.RECORD_FORK]
    assert len(forked) == 2


def test_a_slot_is_another_trees_from_its_first_segment_on() -> None:
    first, second, third = (Root(serial, 5, 1, 1, 0, 0, 0, 0, 0, "/") for serial in (2, 3, 4))
    trees = [
        Span(third, 6),
        Span(first, 1, 2),
        Span(second, 4, 5),
    ]
    found = [owners(trees, number).get(5) for number in range(8)]
    assert found == [None, first, first, None, second, second, third, third]
