"""Which lives come from which."""

from __future__ import annotations

import numpy as np
import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from aklo_analysis.calls import UNKNOWN
from aklo_analysis.lives import Lives
from aklo_analysis.rules.family import Family


def lives(origins: list[int]) -> Lives:
    """As they were born."""
    table = pd.DataFrame({"origin": origins, "birth": range(len(origins))}, dtype=np.int64)
    return Lives(table, pd.DataFrame(), np.array([], np.int64))


def family(origins: list[int], *ancestors: int) -> list[int]:
    found = Family(lives(origins)).of(np.array(ancestors, np.int64))
    return np.flatnonzero(found).tolist()


def test_all_that_come_from_a_life_are_its_family() -> None:
    origins = [UNKNOWN, 0, 0, 1, UNKNOWN, 3, 4]
    assert family(origins, 1) == [1, 3, 5]
    assert family(origins, 0) == [0, 1, 2, 3, 5]
    assert family(origins, 3, 4, 3) == [3, 4, 5, 6]
    assert family(origins) == []


@given(st.data(), st.integers(1, 30))
def test_a_family_is_those_from_whom_one_comes_to_an_ancestor(
    data: st.DataObject, count: int
) -> None:
    origins = [data.draw(st.integers(UNKNOWN, life - 1)) for life in range(count)]
    ancestor = data.draw(st.integers(0, count - 1))
    expected = []
    for life in range(count):
        up = life
        while up not in (UNKNOWN, ancestor):
            up = origins[up]
        if up == ancestor:
            expected.append(life)
    assert family(origins, ancestor) == expected


def test_each_life_is_of_the_branch_that_it_comes_from() -> None:
    found = Family(lives([UNKNOWN, 0, 0, 1, UNKNOWN, 3, 4]))
    assert found.branches(np.array([4, 1])).tolist() == [UNKNOWN, 1, UNKNOWN, 1, 0, 1, 0]


def test_sums_are_over_a_life_and_all_that_come_from_it() -> None:
    found = Family(lives([UNKNOWN, 0, 0, 1, UNKNOWN, 3, 4]))
    values = np.array([1, 10, 100, 1000, 5, 10000, 50], np.int64)
    assert found.sums(values).tolist() == [11111, 11010, 100, 11000, 55, 10000, 50]
