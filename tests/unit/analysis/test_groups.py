"""System calls grouped by keys."""

from __future__ import annotations

import pytest

from aklo_analysis.keys import KEYS
from aklo_analysis.report import build
from aklo_analysis.tables.groups import GroupRow, Groups

from .synthetic_trace import MS, SyntheticTrace


def grouped(trace: SyntheticTrace, *keys: str, top: int = 100) -> Groups:
    found = build(trace, top, by=keys).by
    assert found is not None
    return found


def named(rows: tuple[GroupRow, ...]) -> dict[str, int]:
    """The calls of each group by the names of its parts, those that are not known with a `?`."""
    return {
        " ".join(part.name + ("" if part.known else "?") for part in row.parts): row.measure.calls
        for row in rows
    }


def tree() -> SyntheticTrace:
    """A script with a function that starts `sed`, which starts `cat`; each makes calls."""
    trace = SyntheticTrace()
    bash = trace.image(
        trace.process(10, 0, 900 * MS), 0, "/bin/bash", "bash", "/s.sh", shell="bash 5.2.15"
    )
    top = trace.site(None, "/s.sh", 3)
    inner = trace.site("f", "/s.sh", 7, (None, "/s.sh", 3))
    trace.process(11, 100 * MS, 800 * MS, parent_proc_id=10, site_id=inner)
    sed = trace.image(11, 101 * MS, "/bin/sed", "sed", "-n", "a b", site_id=inner)
    trace.process(12, 200 * MS, 700 * MS, parent_proc_id=11)
    cat = trace.image(12, 201 * MS, "/bin/cat")
    trace.rows["images"][cat]["argv"] = None
    outer, deep = trace.file("/a/x"), trace.file("/a/b/c/y")
    trace.call(10, "read", 10 * MS, 30, bytes=5, file_id=outer, image_id=bash, site_id=top)
    trace.call(10, "read", 20 * MS, 20, bytes=5, file_id=outer, image_id=bash, site_id=inner)
    trace.call(11, "wait4", 300 * MS, 100, image_id=sed)
    trace.call(12, "openat", 400 * MS, 7, file_id=deep, image_id=cat, errno=2)
    trace.call(12, "openat", 410 * MS, 9, file_id=deep, image_id=cat)
    return trace


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        ("class", {"read": 2, "open": 2, "wait_child": 1}),
        ("syscall", {"read": 2, "openat": 2, "wait4": 1}),
        ("process", {"10 bash /s.sh": 2, "12 cat": 2, "11 sed -n 'a b'": 1}),
        ("program", {"s.sh (bash)": 2, "cat": 2, "sed": 1}),
        ("command", {"bash /s.sh": 2, "cat": 2, "sed -n 'a b'": 1}),
        ("file", {"/a/x": 2, "/a/b/c/y": 2, "none?": 1}),
        ("directory", {"/a": 2, "/a/b/c": 2, "none?": 1}),
        ("function", {"f": 4, "(script)": 1}),
        ("line", {"/s.sh:7": 4, "/s.sh:3": 1}),
        ("syscall,program", {"read s.sh (bash)": 2, "openat cat": 2, "wait4 sed": 1}),
    ],
)
def test_calls_are_grouped_by(key: str, expected: dict[str, int]) -> None:
    assert named(grouped(tree(), *key.split(",")).ranking.rows) == expected


def test_a_group_has_sums_and_percentiles_of_its_calls() -> None:
    (row, *_) = grouped(tree(), "file").ranking.rows
    measure, spread = row.measure, row.distribution
    assert (measure.bytes, measure.work_ns, measure.failed) == (10, 50, 0)
    assert spread is not None
    assert (spread.p50_ns, spread.max_ns, sum(spread.histogram)) == (20, 30, 2)


def test_waiting_for_others_is_in_the_total_and_not_in_the_time_itself() -> None:
    row = grouped(tree(), "program").ranking.rows[-1]
    assert (row.parts[0].name, row.measure.total_ns, row.measure.work_ns) == ("sed", 100, 0)


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        ("process", {"10 bash /s.sh": 5, "11 sed -n 'a b'": 3, "12 cat": 2}),
        ("directory", {"/a": 4, "/a/b/c": 2, "none": 1}),
        ("function", {"(script)": 5, "f": 4}),
        ("line", {"/s.sh:3": 5, "/s.sh:7": 4}),
    ],
)
def test_a_group_has_the_calls_of_all_below(key: str, expected: dict[str, int]) -> None:
    rows = grouped(tree(), key).ranking.rows
    assert {row.parts[0].name: row.inclusive and row.inclusive.calls for row in rows} == expected


def test_what_has_nothing_below_it_or_several_keys_says_so() -> None:
    for keys in ("file",), ("function", "class"):
        assert all(row.inclusive is None for row in grouped(tree(), *keys).ranking.rows)


def test_processes_that_are_said_to_be_each_others_parents_are_no_trap() -> None:
    trace = SyntheticTrace()
    for pid, parent in (1, 2), (2, 1), (3, 3):
        trace.process(pid, 10, parent_proc_id=parent)
        trace.call(pid, "getpid", 20, 1)
    counts = [
        row.inclusive and row.inclusive.calls for row in grouped(trace, "process").ranking.rows
    ]
    assert sorted(counts) == [1, 1, 2]  # type: ignore[type-var]


def test_processes_of_one_pid_and_command_are_two_groups() -> None:
    trace = SyntheticTrace()
    for proc_id in 1, 2:
        trace.process(proc_id, proc_id, 9)
        trace.call(proc_id, "getpid", 5, 1)
    trace.rows["processes"][1]["pid"] = 1
    rows = grouped(trace, "process").ranking.rows
    assert [(row.parts[0].name, row.parts[0].proc_id) for row in rows] == [
        ("1 unknown", 1),
        ("1 unknown", 2),
    ]


def unknowns() -> SyntheticTrace:
    trace = SyntheticTrace()
    trace.image(trace.process(10, 0, 9 * MS), 0, "/bin/sh")
    trace.call(10, "read", 1, 9, fd=5)
    trace.call(10, "read", 2, 8, fd=6)
    trace.call(10, "write", 3, 7, fd=6)
    trace.call(10, "read", 4, 50, file_id=trace.file("/x"))
    trace.call(10, "read", 5, 5, file_id=trace.file(None, "pipe"))
    trace.call(10, "openat", 6, 4, file_id=trace.file("relative", None))
    trace.call(10, "getpid", 7, 3)
    trace.call(99, "read", 8, 2, fd=5)
    return trace


def test_what_is_not_known_or_has_no_name_has_rows_of_its_own() -> None:
    assert named(grouped(unknowns(), "file").ranking.rows) == {
        "/x": 1,
        "unknown?": 4,
        "relative": 1,
        "none?": 1,
        "pipes?": 1,
    }
    assert named(grouped(unknowns(), "directory").ranking.rows)["relative?"] == 1
    for key in "process", "program", "command":
        assert sorted(named(grouped(unknowns(), key).ranking.rows).values()) == [1, 7]


def test_what_is_not_known_is_never_hidden_in_the_rest() -> None:
    ranking = grouped(unknowns(), "file", "syscall", top=1).ranking
    assert named(ranking.rows) == {"/x read": 1}
    assert {name: part.calls for name, part in ranking.apart.items()} == {
        "file:unknown": 4,
        "file:none": 1,
        "file:pipes": 1,
    }
    assert (ranking.others, ranking.rest.calls) == (1, 1)


@pytest.mark.parametrize("key", KEYS)
def test_an_empty_trace_has_no_groups(key: str) -> None:
    found = grouped(SyntheticTrace(), key)
    assert found.ranking.rows == ()
    assert found.distribution is None
