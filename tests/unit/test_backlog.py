"""What a watch has yet to do: nothing is forgotten, or done twice."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from aklo_trace.ebpf.backlog import Backlog
from aklo_trace.ebpf.watch_spool import Ended, RootFacts
from aklo_trace.ebpf.watching import Root

MOST = 3
UNLUCKY = 4
"""Every so many trees one cannot be kept at first."""
STEPS = st.lists(
    st.sampled_from(["end", "segment", "begin", "fail", "succeed", "again"]), max_size=60
)


def tree(serial: int) -> Ended:
    root = Root(serial, serial, 1, 1, 0, 0, 0, 0, 0, "/")
    return Ended(RootFacts(root, {}))


@settings(deadline=None)
@given(STEPS)
def test_each_tree_is_made_once_and_after_all_segments_before(steps: list[str]) -> None:
    backlog, batch, number = Backlog(), None, 0
    unsorted: list[Path] = []
    left: set[int] = set()
    made: list[int] = []

    def is_left(ended: Ended) -> bool:
        serial = ended.facts.root.serial
        if serial % UNLUCKY == 0 and serial not in left:
            left.add(serial)
            return True
        made.append(serial)
        return False

    for step in steps:
        if step == "end":
            number += 1
            backlog.ended.append(tree(number))
        elif step == "segment":
            unsorted.append(Path(str(len(unsorted))))
            backlog.segments.append(unsorted[-1])
        elif step == "begin" and batch is None:
            batch = backlog.batch(MOST)
            assert list(batch.segments) == unsorted
            assert len(batch.made) <= MOST
        elif batch and step == "fail":
            batch = None
        elif batch and step == "succeed":
            backlog.done(batch, is_left)
            del unsorted[: len(batch.segments)]
            batch = None
        elif step == "again":
            backlog.try_again()
    while backlog or backlog.unmade:
        backlog.try_again()
        backlog.done(backlog.batch(MOST), is_left)
    assert sorted(made) == list(range(1, number + 1))
