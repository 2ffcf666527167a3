"""Places in shell code: what a name meant, and what one row says of a stack."""

from __future__ import annotations

from dataclasses import MISSING, dataclass, fields
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aklo_trace.events import NO_SITE, EventBatch, Frame, Site
from aklo_trace.schema import SiteFlag
from aklo_trace.sites import Scripts, SiteTable

MAIN = Frame(b"main", b"/s", 0)


@pytest.fixture
def scripts() -> Scripts:
    found = Scripts()
    found.start(1, 0, None)
    found.start(2, 15, 1)
    found.start(3, 0, None)
    found.opened(1, 10, b"lib", b"/one/lib")
    found.opened(1, 20, b"lib", b"/two/lib")
    return found


@pytest.mark.parametrize(
    ("proc_id", "ts_ns", "path"),
    [
        (1, 9, None),
        (1, 10, b"/one/lib"),
        (1, 19, b"/one/lib"),
        (1, 20, b"/two/lib"),
        (2, 15, b"/one/lib"),
        (2, 25, b"/one/lib"),
        (3, 25, None),
    ],
)
def test_a_name_means_what_was_opened_under_it_last(
    scripts: Scripts, proc_id: int, ts_ns: int, path: bytes | None
) -> None:
    assert scripts.path(proc_id, ts_ns, b"lib") == path


def test_what_a_parent_opens_later_is_not_the_childs(scripts: Scripts) -> None:
    scripts.opened(1, 30, b"other", b"/other")
    assert scripts.path(2, 40, b"other") is None


def test_a_child_that_opened_a_name_itself_means_its_own(scripts: Scripts) -> None:
    scripts.opened(2, 30, b"lib", b"/three/lib")
    assert scripts.path(2, 30, b"lib") == b"/three/lib"
    assert scripts.path(1, 30, b"lib") == b"/two/lib"


def row(table: SiteTable, site_id: int) -> dict[str, Any]:
    return {name: values[site_id] for name, values in table.columns().items()}


def test_one_place_has_one_id(scripts: Scripts) -> None:
    table = SiteTable(scripts)
    site = Site((Frame(b"f", b"/s", 7), MAIN), 3)
    assert table.of(1, 5, site) == table.of(3, 99, site) == 0
    assert table.of(1, 5, Site(site.frames, 4)) == 1
    assert table.of(1, 5, Site(site.frames, 3, int(SiteFlag.LINE_RELATIVE))) == 2


def test_a_relative_name_is_another_place_in_another_directory(scripts: Scripts) -> None:
    table = SiteTable(scripts)
    site = Site((Frame(b"f", b"lib", 7), MAIN), 3)
    assert [table.of(1, ts_ns, site) for ts_ns in (12, 22, 13)] == [0, 1, 0]
    assert [row(table, site_id)["file"] for site_id in (0, 1)] == ["/one/lib", "/two/lib"]
    assert row(table, 0)["flags"] == 0


@dataclass(frozen=True)
class Walk:
    """Rows of site code, process and time."""

    rows: list[tuple[int, int, int]]
    openings: list[tuple[int, int, bytes]]


NAMES = (b"lib", b"./lib", b"/s")
SITES = [Site((Frame(b"f", name, 1), MAIN), line) for name in NAMES for line in (1, 2)]
walks = st.builds(
    Walk,
    st.lists(st.tuples(st.integers(-1, 5), st.integers(1, 3), st.integers(0, 50)), max_size=40),
    st.lists(
        st.tuples(st.integers(1, 3), st.integers(0, 50), st.sampled_from(NAMES[:2])), max_size=12
    ),
)


@given(walks)
def test_a_column_says_what_its_rows_say_one_by_one(walk: Walk) -> None:
    scripts = Scripts()
    for proc_id, start_ns, parent in ((1, 0, None), (2, 20, 1), (3, 30, 2)):
        scripts.start(proc_id, start_ns, parent)
    for number, (proc_id, ts_ns, name) in enumerate(sorted(walk.openings, key=lambda o: o[1])):
        scripts.opened(proc_id, ts_ns, name, b"/%d" % number)
    table = SiteTable(scripts)
    rows = sorted(walk.rows, key=lambda row: row[2])
    column = table.column(batch(rows))
    for site_id, (code, proc_id, ts_ns) in zip(column.tolist(), rows, strict=True):
        expected = NO_SITE if code == NO_SITE else table.of(proc_id, ts_ns, SITES[code])
        assert site_id == expected


def batch(rows: list[tuple[int, int, int]]) -> EventBatch:
    site, proc_id, ts_ns = np.array(rows, np.int64).reshape(-1, 3).T
    columns = {
        column.name: np.zeros(len(rows), np.int64)
        for column in fields(EventBatch)
        if column.default_factory is MISSING
    }
    narrow = {"site": site.astype(np.int32), "proc_id": proc_id.astype(np.int32)}
    return EventBatch(**{**columns, "ts_ns": ts_ns, **narrow}, sites=SITES)


def test_a_row_is_written_from_the_outermost_function_inwards(scripts: Scripts) -> None:
    table = SiteTable(scripts)
    table.of(1, 5, Site((Frame(b"g", b"/lib", 8), Frame(b"f", b"/s", 7), MAIN), 3))
    assert row(table, 0) == {
        "site_id": 0,
        "function": "g",
        "file": "/lib",
        "line": 3,
        "stack": ["main", "f", "g"],
        "files": ["/s", "/s", "/lib"],
        "lines": [None, 7, 8],
        "flags": 0,
    }


@pytest.mark.parametrize(
    ("frames", "function", "file"),
    [
        ((), None, None),
        ((MAIN,), None, "/s"),
        ((Frame(b"source", b"/lib", 2), MAIN), "source", "/lib"),
        ((Frame(b"main", b"/s", 2), MAIN), "main", "/s"),
        ((Frame(b"main", b"environment", 0),), "main", None),
        ((Frame(b"main", b"main", 4),), "main", None),
        ((Frame(b"f", b"main", 4),), "f", None),
        ((Frame(b"f", b"environment", 4), MAIN), "f", None),
    ],
)
def test_what_is_a_function_and_what_a_file(
    scripts: Scripts, frames: tuple[Frame, ...], function: str | None, file: str | None
) -> None:
    table = SiteTable(scripts)
    table.of(1, 5, Site(frames, 1))
    assert (row(table, 0)["function"], row(table, 0)["file"]) == (function, file)
    assert row(table, 0)["flags"] == 0


def test_a_script_that_is_named_environment_is_a_file(scripts: Scripts) -> None:
    scripts.opened(3, 5, b"environment", b"/there/environment")
    table = SiteTable(scripts)
    table.of(3, 6, Site((Frame(b"main", b"environment", 0),), 1))
    assert (row(table, 0)["function"], row(table, 0)["file"]) == (None, "/there/environment")


def test_a_cut_stack_does_not_end_in_the_script(scripts: Scripts) -> None:
    table = SiteTable(scripts)
    table.of(1, 5, Site((MAIN,), 1, int(SiteFlag.STACK_TRUNCATED)))
    assert row(table, 0)["function"] == "main"


def test_a_name_that_was_never_opened_stays_relative(scripts: Scripts) -> None:
    table = SiteTable(scripts)
    table.of(1, 5, Site((Frame(b"main", b"./gone", 0),), 1))
    assert row(table, 0)["file"] == "./gone"
    assert row(table, 0)["flags"] == SiteFlag.FILE_RELATIVE


def test_bytes_that_are_not_utf8_are_flagged(scripts: Scripts) -> None:
    table = SiteTable(scripts)
    table.of(1, 5, Site((Frame(b"\xff", b"/s", 1), MAIN), 1))
    assert row(table, 0)["function"] == "\\xff"
    assert row(table, 0)["flags"] == SiteFlag.NOT_UTF8
