"""Dataclasses come back from JSON as they were, or are refused."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aklo_trace.restoring import restored

NUMBER = st.integers(-(1 << 61), 1 << 61)


@dataclass(frozen=True)
class Part:
    name: str
    count: int | None


@dataclass(frozen=True)
class Whole:
    parts: tuple[Part, ...]
    ratio: float
    is_known: bool = False


WHOLE = {"parts": [{"name": "a", "count": 1}], "ratio": 0.5, "is_known": True}


@given(
    st.builds(
        Whole,
        st.lists(st.builds(Part, st.text(), st.none() | NUMBER), max_size=3).map(tuple),
        st.floats(-1e9, 1e9),
        st.booleans(),
    )
)
def test_what_was_written_comes_back(whole: Whole) -> None:
    assert restored(Whole, json.loads(json.dumps(asdict(whole)))) == whole


def test_unknown_names_are_passed_over_and_missing_ones_have_their_default() -> None:
    found = restored(Whole, {"parts": [], "ratio": 1, "later": []})
    assert found == Whole((), 1.0, False)
    assert type(found.ratio) is float


@pytest.mark.parametrize(
    "wrong",
    [
        [],
        None,
        {},
        {**WHOLE, "parts": None},
        {**WHOLE, "parts": {}},
        {**WHOLE, "parts": [[]]},
        {**WHOLE, "parts": [{"name": 1, "count": 1}]},
        {**WHOLE, "parts": [{"name": "a", "count": 1.0}]},
        {**WHOLE, "parts": [{"name": "a", "count": True}]},
        {**WHOLE, "parts": [{"name": "a", "count": 1 << 62}]},
        {**WHOLE, "ratio": "1"},
        {**WHOLE, "ratio": True},
        {**WHOLE, "ratio": float("nan")},
        {**WHOLE, "ratio": float("inf")},
        {**WHOLE, "is_known": 1},
        {**WHOLE, "is_known": None},
    ],
)
def test_what_does_not_fit_is_refused(wrong: Any) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        restored(Whole, wrong)
