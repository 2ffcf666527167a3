"""What benchmarks found of misses is kept, and read whatever is there."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from aklo_trace import work_of_misses
from aklo_trace.work_of_misses import FILE, keep, kept


def test_what_is_kept_is_added_to(tmp_path: Path) -> None:
    store = tmp_path / "store"
    assert kept(store) == {}
    keep(store, {})
    assert not store.exists()
    keep(store, {"parsed": 5, "id": 6})
    keep(store, {"id": 7})
    assert kept(store) == {"parsed": 5, "id": 7}
    assert (store / FILE).stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{",
        '{"version": 2, "work_ns": {"a": 1}}',
        '{"version": 1, "work_ns": 3}',
        "[" * 9999,
    ],
)
def test_what_is_no_such_file_is_as_good_as_none(tmp_path: Path, text: str) -> None:
    (tmp_path / FILE).write_text(text)
    assert kept(tmp_path) == {}


def test_amounts_that_cannot_be_are_left_out(tmp_path: Path) -> None:
    of = {"a": 1, "b": -1, "c": True, "d": "x", "e": 1 << 70}
    (tmp_path / FILE).write_text(json.dumps({"version": work_of_misses.VERSION, "work_ns": of}))
    assert kept(tmp_path) == {"a": 1}
