"""What the lines of a log were. Nothing is dropped: every line is counted once.

lines = whole + begun + resumed + all notes + unparsed
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Final

from aklo_trace.strace.line import NoteKind

MOST_EXAMPLES: Final = 10
EXAMPLE_BYTES: Final = 300
MOST_NAMES: Final = 100
OTHERS: Final = b""
"""Stands for the names that there is no room for."""


@dataclass
class Tally:
    """Counts of lines. `unknown_calls` are calls whose names are not in the table, by name;
    `timed` are the calls, or ends of calls, with a duration; `missing` are lines that are not
    there, as others say."""

    lines: int = 0
    whole: int = 0
    begun: int = 0
    resumed: int = 0
    unparsed: int = 0
    timed: int = 0
    missing: int = 0
    notes: Counter[NoteKind] = field(default_factory=Counter)
    unknown_calls: Counter[bytes] = field(default_factory=Counter)

    def add(self, other: Tally) -> None:
        self.lines += other.lines
        self.whole += other.whole
        self.begun += other.begun
        self.resumed += other.resumed
        self.unparsed += other.unparsed
        self.timed += other.timed
        self.missing += other.missing
        self.notes += other.notes
        self.unknown_calls = _frequent(self.unknown_calls + other.unknown_calls)


def _frequent(names: Counter[bytes]) -> Counter[bytes]:
    """With no more than some names: a log may have a new one on each line."""
    others = names.pop(OTHERS, 0)
    ranked = names.most_common()
    others += sum(count for _, count in ranked[MOST_NAMES:])
    return +Counter({**dict(ranked[:MOST_NAMES]), OTHERS: others})
