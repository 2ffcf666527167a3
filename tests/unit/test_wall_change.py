"""When a command is slower, or faster."""

from __future__ import annotations

import pytest

from aklo_trace.wall_change import OF_MEDIANS, OF_ONE_RUN, change, is_faster, is_slower

MS = 1_000_000


@pytest.mark.parametrize(
    ("before", "after", "slower", "faster"),
    [
        (100 * MS, 130 * MS, True, False),
        (130 * MS, 90 * MS, False, True),
        (1000 * MS, 1200 * MS, False, False),
        (10 * MS, 29 * MS, False, False),
        (None, 900 * MS, False, False),
        (900 * MS, None, False, False),
    ],
)
def test_it_takes_both_a_share_and_more_than_noise(
    before: int | None, after: int | None, slower: bool, faster: bool
) -> None:
    assert is_slower(before, after, OF_ONE_RUN) == slower
    assert is_faster(before, after, OF_ONE_RUN) == faster


def test_one_run_varies_more_than_medians() -> None:
    assert is_slower(1000 * MS, 1200 * MS, OF_MEDIANS)
    assert change(1000 * MS, 1200 * MS) == pytest.approx(0.2)
