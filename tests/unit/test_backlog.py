"""What a watch has yet to do: nothing is forgotten, done twice or given away too early."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from aklo_trace.ebpf.backlog import Backlog
from aklo_trace.ebpf.watch_spool import Ended, RootFacts
from aklo_trace.ebpf.watching import Root

MOST = 3
STEPS = st.lists(st.sampled_from(["end", "segment", "begin", "fail", "succeed"]), max_size=60)


def tree(serial: int) -> Ended:
    root = Root(serial, serial, 1, 1, 0, 0, 0, 0, 0, "/")
    return Ended(RootFacts(root, {}))


@settings(deadline=None)
@given(STEPS)
def test_each_tree_is_sorted_whole_before_its_slot_is_free_and_made_once(steps: list[str]) -> None:
    backlog, batch, number = Backlog(), None, 0
    unsorted: list[Path] = []
    occupied: list[int] = []
    made: list[int] = []
    for step in steps:
        if step == "end":
            number += 1
            occupied.append(number)
            backlog.ended.append(tree(number))
        elif step == "segment":
            unsorted.append(Path(str(len(unsorted))))
            backlog.segments.append(unsorted[-1])
        elif step == "begin" and batch is None:
            batch = backlog.batch(MOST)
            assert list(batch.segments) == unsorted
            assert [ended.facts.root.serial for ended in batch.ended] == occupied
            assert len(batch.made) <= MOST
        elif batch and step == "fail":
            batch = None
        elif batch and step == "succeed":
            backlog.done(batch)
            del unsorted[: len(batch.segments)], occupied[: len(batch.ended)]
            made += [ended.facts.root.serial for ended in batch.made]
            batch = None
    while backlog:
        batch = backlog.batch(MOST)
        made += [ended.facts.root.serial for ended in batch.made]
        backlog.done(batch)
    assert made == list(range(1, number + 1))
