"""Savings: what a claim takes away, and what several claims take away together."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from aklo_analysis.rules.claim import NOTHING, Claim, extra_ns, instead, together

SEGMENTS_NS = np.array([100, 200, 300, 400], np.int64)


def claim(*rows: int, part: float = 1.0) -> Claim:
    return Claim(np.array(rows, np.int64), np.full(len(rows), part))


def test_what_comes_instead_is_taken_off() -> None:
    assert instead(np.array([1, 2]), SEGMENTS_NS, 50).saving_ns(SEGMENTS_NS) == 450


def test_what_comes_instead_never_makes_a_saving_negative() -> None:
    assert instead(np.array([0]), SEGMENTS_NS, 5000).saving_ns(SEGMENTS_NS) == 0
    assert instead(np.array([], np.int64), SEGMENTS_NS, 5).saving_ns(SEGMENTS_NS) == 0


def test_two_claims_on_one_stretch_save_the_larger_part() -> None:
    claims = [claim(0, 1, part=0.5), claim(1, 2), claim(1, part=0.9), NOTHING]
    assert extra_ns(claims, SEGMENTS_NS) == [150, 400, 0, 0]


def test_claims_together_are_one_with_the_larger_parts() -> None:
    found = together(claim(1, 2, part=0.5), claim(3, 1), NOTHING)
    assert (found.rows.tolist(), found.parts.tolist()) == ([1, 2, 3], [1, 0.5, 1])


@given(
    st.lists(
        st.builds(
            lambda parts: Claim(
                np.array(sorted(parts), np.int64), np.array([parts[row] for row in sorted(parts)])
            ),
            st.dictionaries(st.integers(0, 3), st.floats(0, 1)),
        )
    )
)
def test_together_they_save_no_more_than_there_is_nor_than_each_alone(claims: list[Claim]) -> None:
    extras = extra_ns(claims, SEGMENTS_NS)
    assert sum(extras) <= SEGMENTS_NS.sum() + len(claims)
    for extra, one in zip(extras, claims, strict=True):
        assert 0 <= extra <= one.saving_ns(SEGMENTS_NS) + 1
