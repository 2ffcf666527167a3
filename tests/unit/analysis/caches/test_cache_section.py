"""Caches in the report: what they saved, and what is not known of them."""

from __future__ import annotations

import io
from dataclasses import replace

from aklo_analysis.caches.cache import Cache
from aklo_analysis.report import build
from aklo_analysis.reporters import text
from aklo_analysis.reporters.options import Options
from aklo_analysis.tables.caches import CacheRow

from ..sample import sample_trace
from ..synthetic_trace import MS, SyntheticTrace

FILE = "/srv/tool"
ENTRY = "/srv/c/a.entry"
OPTIONS = Options(sections=("caches",))


def written(trace: SyntheticTrace, *caches: Cache) -> str:
    stream = io.StringIO()
    report = build(trace, known_caches=caches) if caches else build(trace)
    text.write(report, stream, OPTIONS)
    return stream.getvalue()


def trace_of_lookups(names: tuple[str, ...], stale: bool = False) -> SyntheticTrace:
    """A shell misses an entry and makes it in 50 ms, and then finds it in 2 ms."""
    trace = SyntheticTrace()
    pid = trace.process(10, end=900 * MS)
    bash = trace.image(pid, 0, "/bin/bash", shell="bash 5.2.15")
    entry = trace.file(ENTRY)
    frames = [(name, FILE, 3) for name in names]
    within = trace.site("look_up", FILE, 5, *frames, (None, FILE, 9)) if names else None
    outside = trace.site(None, FILE, 20)
    call = {"image_id": bash, "file_id": entry, "site_id": within}
    gone = {} if stale else {"ret": -1, "errno": 2}
    other = {"image_id": bash, "site_id": outside}
    trace.call(pid, "getpid", 1 * MS, 10, **other)
    trace.call(pid, "newfstatat", 10 * MS, 1 * MS, **call | gone)
    trace.call(pid, "openat", 60 * MS, 1 * MS, fd=3, **call)
    trace.call(pid, "write", 61 * MS, 1 * MS, fd=3, bytes=100, offset=0, **call)
    trace.call(pid, "getpid", 70 * MS, 10, **other)
    trace.call(pid, "newfstatat", 80 * MS, 1 * MS, **call)
    trace.call(pid, "openat", 81 * MS, 1 * MS, fd=3, **call)
    trace.call(pid, "read", 81 * MS + 1000, MS - 1000, fd=3, bytes=100, offset=0, **call)
    return trace


def row_of(trace: SyntheticTrace, cache: Cache | None = None) -> CacheRow:
    (row,) = build(trace, known_caches=[cache or Cache("c", ("c/*.entry",))]).caches
    return row


def test_what_a_cache_saves_is_the_work_less_what_lookups_take() -> None:
    row = row_of(trace_of_lookups(("get",)))
    assert (row.hits, row.misses, row.stale, row.rewrites) == (1, 1, 0, 0)
    assert (row.hit_ns, row.miss_ns, row.work_ns) == (2 * MS, 52 * MS, 51 * MS)
    assert row.saved_ns == 2 * 51 * MS - 54 * MS
    assert (row.function, row.entries, row.size_bytes, row.growth_bytes) == ("look_up", 1, 100, 100)
    assert row.oldest_ns == 18 * MS


def test_an_entry_that_is_written_though_it_was_there_was_stale() -> None:
    row = row_of(trace_of_lookups((), stale=True))
    assert (row.hits, row.misses, row.stale, row.rewrites) == (1, 1, 1, 1)
    assert row.function is None


def test_times_are_not_known_where_the_trace_has_none() -> None:
    trace = trace_of_lookups(("get",))
    trace.facts = {"timing": "order"}
    row = row_of(trace)
    assert (row.hits, row.misses) == (1, 1)
    assert row.hit_ns is row.miss_ns is row.work_ns is row.saved_ns is row.oldest_ns is None


def test_a_cache_that_is_too_large_or_too_old_is_said_so() -> None:
    small = Cache("c", ("c/*.entry",), limit_bytes=50, ttl_ns=5 * MS)
    shown = " ".join(written(trace_of_lookups(("get",)), small).split())
    assert "c is larger than the 50B that it may take." in shown
    assert "c gave an entry that was 18.0ms old: it is fresh for 5.00ms." in shown
    large = replace(small, limit_bytes=200, ttl_ns=MS * 100)
    assert "may take" not in written(trace_of_lookups(("get",)), large)


def test_each_call_of_a_function_is_a_lookup_where_they_are_counted() -> None:
    trace = SyntheticTrace()
    pid = trace.process(10, end=900 * MS)
    site = trace.site("caller", FILE, 5, (None, FILE, 9))
    for number, status in enumerate((0, 1, 0)):
        at = (10 + 100 * number) * MS
        trace.function_call(pid, "get", at + MS, 4 * MS, depth=2, exit_status=status, site_id=site)
        trace.function_call(pid, "caller", at, 50 * MS if status else 6 * MS, exit_status=0)
    row = row_of(trace, Cache("c", function="get"))
    assert (row.hits, row.misses, row.uncounted, row.entries) == (2, 1, False, None)
    assert (row.hit_ns, row.work_ns, row.saved_ns) == (4 * MS, 46 * MS, 2 * 46 * MS - 12 * MS)


def test_a_cache_that_was_not_used_is_left_out() -> None:
    assert build(trace_of_lookups(("get",)), known_caches=[Cache("c", ("*.none",))]).caches == ()
    assert "There is nothing for 'caches'" in written(SyntheticTrace())


def test_an_engine_that_does_not_know_what_is_read_tells_nothing_of_files() -> None:
    trace = trace_of_lookups(("get",))
    trace.facts = {"engine": "bcc"}
    assert build(trace, known_caches=[Cache("c", ("c/*.entry",))]).caches == ()


def test_the_section_fits_a_terminal() -> None:
    shown = written(sample_trace())
    assert "CACHES" in shown
    assert max(map(len, shown.splitlines())) <= 80


def test_memory_is_what_heaps_grew_by_within_lookups() -> None:
    trace = trace_of_lookups(("get",))
    ends = (5, 4096, 1), (20, 8192, 0), (30, 9216, 0), (75, 16384, 1), (81, 16385, 0)
    for at, end, site in ends:
        trace.call(10, "brk", at * MS + 500, 10, ret=end, image_id=0, site_id=site)
    assert row_of(trace).memory_bytes == 4096 + 1024 + 1


def test_without_a_miss_a_benchmarked_one_tells_what_is_saved() -> None:
    trace = trace_of_lookups(("get",))
    trace.rows["syscalls"] = trace.rows["syscalls"][4:]
    cache = Cache("c", ("c/*.entry",), benchmarked_ns=51 * MS)
    row = row_of(trace, cache)
    assert (row.hits, row.misses, row.work_ns, row.benchmarked_ns) == (1, 0, None, 51 * MS)
    assert row.saved_ns == 51 * MS - 2 * MS
    assert "the work took 51.0ms in a benchmark" in written(trace, cache)
    assert row_of(trace, replace(cache, benchmarked_ns=None)).saved_ns is None


def test_a_miss_that_was_seen_counts_more_than_a_benchmarked_one() -> None:
    cache = Cache("c", ("c/*.entry",), benchmarked_ns=99 * MS)
    row = row_of(trace_of_lookups(("get",)), cache)
    assert (row.work_ns, row.benchmarked_ns) == (51 * MS, None)
    assert row.saved_ns == 2 * 51 * MS - 54 * MS
