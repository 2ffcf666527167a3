"""Counts of lines stay few, whatever a log holds."""

from __future__ import annotations

from aklo_trace.strace.tally import MOST_NAMES, OTHERS, Tally


def test_only_the_most_frequent_unknown_names_are_kept() -> None:
    whole = Tally()
    for piece in range(10):
        part = Tally()
        part.unknown_calls.update({b"frequent": 5, **{b"%d_%d" % (piece, n): 1 for n in range(50)}})
        whole.add(part)
    assert whole.unknown_calls[b"frequent"] == 50
    assert len(whole.unknown_calls) == MOST_NAMES + 1
    assert whole.unknown_calls.total() == 550
    assert whole.unknown_calls[OTHERS] == 500 - MOST_NAMES + 1
