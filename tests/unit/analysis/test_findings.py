"""What rules find becomes findings: measured against thresholds, ranked, each saving once."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np
import pytest

from aklo_analysis.report import Report, build
from aklo_analysis.reporters import REPORTERS, Options
from aklo_analysis.rules.case import Case, Place
from aklo_analysis.rules.claim import NOTHING, Claim
from aklo_analysis.rules.finding import Finding, findings
from aklo_analysis.rules.rule import COST, Candidate, Rule, Setting, Threshold

from .sample import HOSTILE, sample_trace
from .synthetic_trace import MS, SyntheticTrace

COUNT = Threshold("count", "count", 3, "how many")
SIZE = Threshold("size", "bytes", 10, "how large", most=True)


class Wall:
    """Ten segments of a tenth of a second."""

    wall_ns = 1000 * MS


class StubCase:
    wall = Wall()
    segments_ns = np.full(10, 100 * MS, np.int64)


def found(*rows: int, part: float = 1.0, severity: str | None = None, **seen: float) -> Candidate:
    claim = Claim(np.array(rows, np.int64), np.full(len(rows), part)) if rows else NOTHING
    place = Place("function", "/s.sh", 3)
    return Candidate(place, f"of {rows}", 5, claim, "do", seen=seen, severity=severity)


def rule(
    *candidates: Candidate, code: str = "SH99", thresholds: tuple[Threshold, ...] = COST
) -> Rule:
    def check(_: Case) -> Iterator[Candidate]:
        yield from candidates

    return Rule(code, "a rule", check, thresholds)


def reported(*rules: Rule, **settings: float) -> tuple[Finding, ...]:
    given = {f"SH99.{name}": Setting(value, "x.toml") for name, value in settings.items()}
    case: Callable[[], Case] = StubCase  # type: ignore[assignment]
    return findings(rules, case(), given)


def test_the_largest_saving_comes_first_whatever_the_rule() -> None:
    rules = rule(found(0), found(1, 2, 3)), rule(found(4, 5), code="SH98")
    assert [one.saving_ns // MS for one in reported(*rules)] == [300, 200, 100]


def test_what_two_would_save_is_saved_once() -> None:
    larger, smaller = reported(rule(found(0, 1, 2), found(2, 3, part=0.5)))
    assert (larger.saving_ns, larger.extra_ns) == (300 * MS, 300 * MS)
    assert (smaller.saving_ns, smaller.extra_ns) == (100 * MS, 50 * MS)


def test_what_saves_too_little_is_not_reported() -> None:
    tiny = rule(found(0, part=0.05))
    assert reported(tiny) == ()
    assert len(reported(tiny, saving_percent=0.4)) == 1


def test_limits_stand_beside_what_was_seen_with_where_they_come_from() -> None:
    counted = rule(found(0, 1, count=4), thresholds=(*COST, COUNT))
    (finding,) = reported(counted, count=4)
    assert [(one.threshold, one.limit, one.seen, one.origin) for one in finding.limits] == [
        ("saving_ms", 1, 200, "default"),
        ("saving_percent", 1, 20, "default"),
        ("count", 4, 4, "x.toml"),
    ]
    assert reported(counted, count=5) == ()


def test_a_limit_can_be_one_that_must_not_be_exceeded() -> None:
    assert len(reported(rule(found(0, size=10), thresholds=(SIZE,)))) == 1
    assert reported(rule(found(0, size=11), thresholds=(SIZE,))) == ()


@pytest.mark.parametrize(("part", "severity"), [(1, "high"), (0.99, "medium"), (0.29, "low")])
def test_severity_is_by_the_share_of_the_wall_time(part: float, severity: str) -> None:
    (finding,) = reported(rule(found(0, part=part)))
    assert finding.severity == severity


def test_a_rule_without_a_saving_says_how_severe_it_is() -> None:
    (finding,) = reported(rule(found(severity="high"), thresholds=()))
    assert (finding.severity, finding.saving_ns, finding.share) == ("high", 0, 0)


def text(report: Report, width: int | None = 80) -> str:
    stream = io.StringIO()
    REPORTERS["text"](report, stream, Options(width, sections=("findings",)))
    return stream.getvalue()


def with_findings(*rules: Rule, top: int = 10) -> Report:
    return replace(build(sample_trace(), top), findings=reported(*rules))


def test_the_text_says_what_all_of_it_saves_and_how_much_is_not_shown() -> None:
    said = text(with_findings(rule(found(0, 1, 2), found(2, 3)), top=1))
    assert "300ms" in said
    assert "All together: 400ms, 26%. 1 smaller one not shown." in said


def test_on_a_terminal_a_whole_report_ends_with_the_first_finding() -> None:
    report, again = with_findings(rule(found(0, 1, 2))), "aklo-trace report x --section header"

    def end(options: Options) -> str:
        stream = io.StringIO()
        REPORTERS["text"](report, stream, options)
        return "\n".join(stream.getvalue().splitlines()[-3:])

    said = end(Options(trace="x"))
    assert "First: of (0, 1, 2) (SH99) at s.sh:3, 300ms 20%" in said
    assert again in said
    others = Options(None, trace="x"), Options(trace="x", sections=("findings",)), Options()
    assert not any(again in end(options) for options in others)


def test_what_saves_nothing_has_no_sum() -> None:
    facts = {"attribution": "memory", "engine": "ebpf"}
    report = replace(
        build(SyntheticTrace(facts=facts)),
        findings=reported(rule(found(severity="high"), thresholds=())),
    )
    assert "All together" not in text(report)
    assert text(report).splitlines()[-1] == " " * 20 + "do"


@pytest.mark.parametrize(
    ("engine", "why"),
    [("bcc", "ebpf does"), ("strace", "--shell-lines"), ("other", "trace lacks.")],
)
def test_findings_say_why_there_may_be_more_of_them(engine: str, why: str) -> None:
    trace = SyntheticTrace(facts={"attribution": None, "engine": engine})
    report = replace(build(trace), findings=reported(rule(found(severity="high"), thresholds=())))
    assert "There may be more" in text(report, None)
    assert why in text(report, None).splitlines()[-1]


def test_under_strace_savings_are_called_too_large() -> None:
    trace = SyntheticTrace(facts={"attribution": "xtrace", "engine": "strace"})
    report = replace(build(trace), findings=reported(rule(found(0, 1))))
    assert "Without strace, which lengthens all times" in text(report, None)


def test_nothing_to_change_is_one_line() -> None:
    trace = SyntheticTrace(facts={"attribution": "memory"})
    assert text(build(trace)).splitlines()[1:] == [
        "  Nothing: there is no change known that would save much of the wall time."
    ]


def test_a_trace_without_durations_says_that_nothing_is_known() -> None:
    assert "does not say how long" in text(build(SyntheticTrace(facts={"timing": "instants"})))


@pytest.mark.parametrize(
    ("facts", "why"),
    [
        ({"attribution": None}, "no functions and lines"),
        ({"attribution": "memory", "filter": ("read",)}, "only some calls"),
    ],
)
def test_what_could_not_be_known_is_not_called_nothing(facts: dict[str, object], why: str) -> None:
    assert why in text(build(SyntheticTrace(facts=facts)))


@pytest.mark.parametrize("width", [80, None])
def test_names_and_source_text_do_nothing_on_a_terminal(width: int | None) -> None:
    hostile = replace(
        found(0),
        place=Place(HOSTILE, f"/{HOSTILE}", 3, source=HOSTILE),
        title=HOSTILE,
        advice=HOSTILE,
        evidence=(HOSTILE,),
    )
    assert all(line.isprintable() for line in text(with_findings(rule(hostile)), width).split("\n"))
