"""What limits of a command line mean, against a baseline and without."""

from __future__ import annotations

import pytest

from aklo_analysis.alerts.gate import MAX, MIN, Gate, gate
from aklo_analysis.report import build
from aklo_trace.config.entry import FLAG, Origin
from aklo_trace.errors import UsageError

from ..synthetic_trace import MS, SyntheticTrace

ORIGIN = Origin(FLAG, "--max")


def of(text: str, kind: str = MAX) -> Gate:
    key, _, limit = text.partition("=")
    return gate(kind, key, limit, ORIGIN, ("parsed",))


@pytest.mark.parametrize(
    ("text", "baseline", "limit"),
    [
        ("processes=120", [], 120),
        ("processes=+0", [430, 437, 431], 437),
        ("processes=-7", [430, 437], 430),
        ("processes=+10%", [430, 435], 478),
        ("calls:openat=+5", [10, 20], 25),
        ("bytes=+1KiB", [1024], 2048),
        ("wall=2s", [], 2000 * MS),
        ("wall_time=+20%", [100 * MS, 200 * MS, 900 * MS], 240 * MS),
        ("wall=+50ms", [100 * MS], 150 * MS),
        ("failed_share=+5%", [0.1, 0.2, 0.3], 0.25),
    ],
)
def test_the_limit_of_a_maximum(text: str, baseline: list[int], limit: float) -> None:
    assert of(text).limit(baseline) == pytest.approx(limit)


def test_a_minimum_of_a_count_is_below_the_least_of_the_baseline() -> None:
    assert of("processes=-1", MIN).limit([430, 437]) == 429
    assert of("cache_ratio:parsed=50%", MIN).limit([]) == 0.5


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("procesess=1", "did you mean processes?"),
        ("wal=1s", "did you mean wall?"),
        ("nothing=1", "there are operation, p50"),
        ("processes=many", "a whole number, or +N or +N% of a baseline"),
        ("processes=1.5", "a whole number"),
        ("processes=+", "a whole number"),
        ("wall=fast", "a time such as"),
        ("finding_severity=+1", "low, medium or high, and not"),
        ("calls:nothing=1", "OF in calls:OF must be"),
        ("processes:sed=1", "OF in processes:OF must be"),
        ("cache_ratio:parse=1%", "did you mean parsed?"),
    ],
)
def test_a_limit_that_makes_no_sense_is_refused(text: str, said: str) -> None:
    with pytest.raises(UsageError) as error:
        of(text)
    assert said in str(error.value)


def trace(processes: int) -> SyntheticTrace:
    made = SyntheticTrace()
    for pid in range(10, 10 + processes):
        made.process(pid, 0, 5 * MS)
    return made


@pytest.mark.parametrize(
    ("baseline", "now", "state"),
    [
        ([3, 4], 4, "ok"),
        ([3, 4], 5, "raised"),
        ([3, None], 9, "unknown"),
        ([], 9, "unknown"),
    ],
)
def test_a_gate_is_a_condition_like_any_other(
    baseline: list[int | None], now: int, state: str
) -> None:
    condition = of("processes=+0").condition(baseline)
    (verdict,) = build(trace(now), conditions=[condition]).verdicts
    assert verdict.standing.state == state
