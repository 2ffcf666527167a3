"""Files that are written anew at each lookup in a cache, and are no entries of it."""

from __future__ import annotations

import pytest

from aklo_analysis.caches.cache import Cache
from aklo_analysis.rules.case import Case
from aklo_analysis.rules.harmful_caches import check
from aklo_analysis.rules.rewritten_files import Rewritten, rewritten

from .synthetic_trace import MS, SyntheticTrace

FILE = "/srv/tool"
CACHES = (Cache("c", ("c/*.entry",)),)
LOOKUPS = 6


def trace(offset: int | None, every: int = 1, by_rename: bool = False) -> SyntheticTrace:
    """Each 100 ms an entry is found, read, and counters are written, in 40 ms and in a function of
    its own: at `offset`, plus what was written before if that is not 0."""
    made = SyntheticTrace()
    pid = made.process(10, end=990 * MS)
    bash = made.image(pid, 0, "/bin/bash", shell="bash 5.2.15")
    entry, counters = made.file("/srv/c/a.entry"), made.file("/srv/c/hits.json")
    around = ("look_up", FILE, 7), (None, FILE, 20)
    within, outside = made.site("look_up", FILE, 5, around[1]), made.site(None, FILE, 21)
    counting = made.site("count", FILE, 2, *around)
    for number in range(LOOKUPS):
        at = 100 * number * MS
        call = {"image_id": bash, "file_id": entry, "site_id": within}
        made.call(pid, "getpid", at + MS, 10, image_id=bash, site_id=outside)
        made.call(pid, "newfstatat", at + 10 * MS, MS, **call)
        made.call(pid, "openat", at + 11 * MS, MS, fd=3, **call)
        made.call(pid, "read", at + 12 * MS, MS, fd=3, bytes=9, offset=0, **call)
        if number % every == 0:
            where = {"image_id": bash, "site_id": counting}
            begins = offset and offset + 9 * number
            if by_rename:
                target = {"file_id": made.file("/srv/c/new"), "file2_id": counters}
                made.call(pid, "rename", at + 20 * MS, 40 * MS, **target, **where)
            else:
                more = {"file_id": counters, "fd": 4, "bytes": 9, "offset": begins}
                made.call(pid, "write", at + 20 * MS, 40 * MS, **more, **where)
        made.call(pid, "getpid", at + 70 * MS, 10, image_id=bash, site_id=within)
    return made


def found(made: SyntheticTrace) -> list[Rewritten]:
    return [*rewritten(Case.of(made, CACHES))]


@pytest.mark.parametrize("by_rename", [False, True])
def test_counters_that_each_lookup_writes_are_found(by_rename: bool) -> None:
    (one,) = found(trace(0, by_rename=by_rename))
    assert (one.path, len(one.calls), len(one.answers)) == ("/srv/c/hits.json", LOOKUPS, LOOKUPS)


def test_what_is_added_to_or_written_at_few_lookups_is_not() -> None:
    assert found(trace(9)) == []
    assert found(trace(None)) == []
    assert found(trace(0, every=4)) == []


def test_the_line_that_comes_to_write_it_is_to_blame_and_one_writing_is_left() -> None:
    case = Case.of(trace(0), CACHES)
    (one,) = [c for c in check(case) if "written anew" in c.title]
    assert one.title == "hits.json is written anew at 6 of 6 lookups"
    assert (one.place.function, one.place.file, one.place.line) == ("look_up", FILE, 7)
    # what the shell computes before and after the call is in it
    assert LOOKUPS * 40 * MS <= one.cost_ns < LOOKUPS * 50 * MS
    left_ns = one.cost_ns - one.claim.saving_ns(case.segments_ns)
    assert left_ns == pytest.approx(one.cost_ns / LOOKUPS, abs=1)
