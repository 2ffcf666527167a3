"""What a watch leaves is found again by the next one."""

from __future__ import annotations

import os
from pathlib import Path

from aklo_trace.ebpf.watch_spool import RootFacts, WatchSpool, abandoned
from aklo_trace.ebpf.watching import Root


def test_what_is_noted_of_a_tree_is_found_again(tmp_path: Path) -> None:
    spool, lock = WatchSpool.create(tmp_path)
    root = Root(7, 8, 100, 1, 0, 5, 6, 9, 0o40755, "/home/u")
    facts = RootFacts(root, {"offset_ns": 12}, ("open", "program bash"))
    spool.note(facts)
    os.close(lock)
    ((left, _),) = abandoned(tmp_path)
    assert list(left.facts()) == [facts]
