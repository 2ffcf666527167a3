"""From measurements of one trace after the other to what is an alert, and what is said of it."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aklo_analysis.alerts.condition import Condition
from aklo_analysis.alerts.evaluation import Verdict, evaluate
from aklo_analysis.alerts.measurement import Measurement
from aklo_trace.alerting.standing import ACTIVE, STATES, Standing

from .configured import condition

SECOND = 1_000_000_000
OVER, BETWEEN, WITHIN, UNKNOWN = 30, 15, 5, None


def wanted(text: str = "") -> Condition:
    return condition(f'metric = "processes"\nover = 20\nclear = 10\n{text}')


def measured(of: Condition, amount: int | None) -> Measurement:
    if amount is None:
        return Measurement(of, is_known=False)
    return Measurement(
        of, True, amount, beyond=int(amount > of.limit), uncleared=int(amount > of.clear)
    )


def verdicts(of: Condition, *amounts: int | None, every_s: int = 10) -> list[Verdict]:
    """Of traces that end one after the other. What is left of each goes on to the next, as the
    history has it."""
    found: list[Verdict] = []
    state: dict[str, Standing] = {}
    for number, amount in enumerate(amounts):
        (verdict,) = evaluate([measured(of, amount)], state, (100 + number * every_s) * SECOND)
        if verdict.standing.state not in ("ok", "unknown"):
            state[of.name] = verdict.standing
        found.append(verdict)
    return found


def states(of: Condition, *amounts: int | None, every_s: int = 10) -> str:
    """With a star where it is said."""
    found = verdicts(of, *amounts, every_s=every_s)
    return " ".join(v.standing.state + "*" * v.is_said for v in found)


@pytest.mark.parametrize(
    ("text", "amounts", "expected"),
    [
        ("", (WITHIN, BETWEEN, WITHIN), "ok ok ok"),
        ("", (OVER, OVER, WITHIN, WITHIN), "raised* repeated* cleared* ok"),
        ("", (OVER, BETWEEN, OVER, WITHIN), "raised* continued repeated* cleared*"),
        ("", (BETWEEN, OVER, BETWEEN, BETWEEN), "ok raised* continued continued"),
        ("runs = 3", (OVER, OVER, OVER, OVER), "pending pending raised* repeated*"),
        ("runs = 2", (OVER, WITHIN, OVER, OVER), "pending settled pending raised*"),
        ("runs = 2", (OVER, BETWEEN, OVER, OVER), "pending settled pending raised*"),
        ('for = "20s"', (OVER, OVER, OVER), "pending pending raised*"),
        ('for = "21s"', (OVER, OVER, OVER), "pending pending pending"),
        ('for = "20s"\nruns = 4', (OVER,) * 4, "pending pending pending raised*"),
        ('hold = "15s"', (OVER, WITHIN, WITHIN, WITHIN), "raised* held cleared* ok"),
        ('hold = "15s"', (OVER, WITHIN, OVER, WITHIN), "raised* held repeated* held"),
        ('hold = "15s"', (OVER, BETWEEN, WITHIN, WITHIN), "raised* continued held cleared*"),
        ('repeat = "25s"', (OVER,) * 5, "raised* continued continued repeated* continued"),
        ('repeat = "25s"', (OVER, WITHIN, OVER, OVER), "raised* cleared* raised repeated*"),
        ("", (UNKNOWN, OVER, UNKNOWN, OVER), "unknown raised* unknown repeated*"),
        ("runs = 2", (OVER, UNKNOWN, OVER), "pending unknown raised*"),
    ],
)
def test_what_becomes_of_an_alert(
    text: str, amounts: tuple[int | None, ...], expected: str
) -> None:
    assert states(wanted(text), *amounts) == expected


def test_how_long_it_has_been_beyond_is_remembered() -> None:
    *_, last = verdicts(wanted(), OVER, BETWEEN, OVER, OVER)
    standing = last.standing
    assert (standing.runs, standing.since_ns, standing.beyond_ns) == (
        3,
        100 * SECOND,
        130 * SECOND,
    )


def test_count_says_how_many_must_be_beyond() -> None:
    of = wanted("count = 3")
    two = Measurement(of, True, 30, beyond=2, uncleared=2)
    (verdict,) = evaluate([two], {}, 0)
    assert verdict.standing.state == "ok"


def test_alerts_do_not_mix() -> None:
    one, two = condition('metric = "calls"\nover = 1', "one"), wanted()
    state = {"one": Standing("raised", 1, 0, 0, 0)}
    found = evaluate([measured(one, 5), measured(two, OVER)], state, SECOND)
    assert [verdict.standing.state for verdict in found] == ["repeated", "raised"]


def test_a_clock_that_went_back_harms_nothing() -> None:
    assert states(wanted('hold = "5s"\nrepeat = "5s"'), OVER, OVER, WITHIN, every_s=-60) == (
        "raised* continued held"
    )


AMOUNTS = st.lists(st.sampled_from([OVER, BETWEEN, WITHIN, UNKNOWN]), max_size=12)
TEXTS = st.builds(
    "runs = {}\nfor = '{}s'\nhold = '{}s'\nrepeat = '{}s'".format,
    st.integers(1, 3),
    *[st.sampled_from([0, 15, 30])] * 3,
)


@given(TEXTS, AMOUNTS)
def test_whatever_comes_these_hold(text: str, amounts: list[int | None]) -> None:
    """An alert begins and goes on by being beyond, is said no oftener than it may, and ends."""
    of = wanted(text)
    found = verdicts(of, *amounts)

    raised = [v for v in found if v.standing.state in ("raised", "repeated")]
    assert all(verdict.measurement.is_crossed for verdict in raised)
    assert all(verdict.standing.state in STATES for verdict in found)
    beginnings = [v for v in found if v.is_said and v.standing.state != "cleared"]
    times_ns = [v.standing.said_ns or 0 for v in beginnings]
    gaps = [later - earlier for earlier, later in itertools.pairwise(times_ns)]
    assert all(gap >= of.repeat_ns for gap in gaps)

    assert not found or found[-1].is_alert == (found[-1].standing.state in ACTIVE)
