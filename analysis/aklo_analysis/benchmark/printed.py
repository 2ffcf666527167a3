"""What a command that measures its own caches prints: a table with a line for each.

    cache    lookups   without ms    cold ms    warm ms  warm/w.o.   hits  misses
    parsed        28         98.2      412.1     1930.4     19.65x     28       8

The first column is called `cache`; numbers whose title has a unit are times.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from aklo_analysis.caches.cache import Cache

UNITS_NS: Final = {"ns": 1, "us": 1_000, "µs": 1_000, "ms": 1_000_000, "s": 1_000_000_000}
_TITLE: Final = re.compile(r"\S+(?: (?:ns|us|µs|ms|s)\b)?")
_NUMBER: Final = re.compile(r"[0-9]{1,15}(?:\.[0-9]{1,9})?")


@dataclass(frozen=True)
class Printed:
    """Of a cache: `times_ns` by the titles of their columns, and `counts`."""

    times_ns: Mapping[str, int] = field(default_factory=dict)
    counts: Mapping[str, int] = field(default_factory=dict)


def printed(text: str, caches: Sequence[Cache]) -> dict[str, Printed]:
    """By the name of the cache; one that the command calls by that of its counter has its own."""
    names = {one.counter or one.name: one.name for one in caches} | {c.name: c.name for c in caches}
    titles: list[str] = []
    found = {}
    for line in text.splitlines():
        words = line.split()
        if words[:1] == ["cache"]:
            titles = _TITLE.findall(line)
        elif titles and len(words) == len(titles) and words[0] in names:
            found[names[words[0]]] = _row(titles[1:], words[1:])
    return found


def _row(titles: Sequence[str], words: Sequence[str]) -> Printed:
    times_ns, counts = {}, {}
    for title, word in zip(titles, words, strict=True):
        name, _, unit = title.rpartition(" ")
        if not _NUMBER.fullmatch(word):
            continue
        if name and unit in UNITS_NS:
            times_ns[name] = round(float(word) * UNITS_NS[unit])
        elif word.isdecimal():
            counts[title] = int(word)
    return Printed(times_ns, counts)
