"""Numbers of several arrays, sorted and each once."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from aklo_analysis.distinct import distinct, without

numbers = st.lists(st.integers(-3, 9) | st.integers(-(2**62), 2**62), max_size=30)


@given(st.lists(numbers, min_size=1, max_size=4))
def test_every_number_of_any_array_is_there_once_and_in_order(parts: list[list[int]]) -> None:
    found = distinct(*(np.array(part, np.int64) for part in parts))
    assert found.dtype == np.int64
    assert found.tolist() == sorted({number for part in parts for number in part})


@given(numbers, numbers)
def test_numbers_without_others_are_those_that_are_not_among_them(
    some: list[int], others: list[int]
) -> None:
    found = without(*(np.array(sorted(part), np.int64) for part in (some, others)))
    assert found.tolist() == [number for number in sorted(some) if number not in others]
