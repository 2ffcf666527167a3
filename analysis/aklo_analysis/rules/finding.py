"""What could be better, where, and what that would save."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final

from aklo_analysis.rules.case import Case
from aklo_analysis.rules.claim import Claim, extra_ns
from aklo_analysis.rules.rule import SAVING, SHARE, Candidate, Limit, Rule, Setting

SEVERITIES: Final = (("high", 0.10), ("medium", 0.03), ("low", 0.0))
"""With the share of the wall time from which on a saving has it."""


AT_A_TIME: Final = 2
"""Rules that are checked side by side: there are two cores almost everywhere."""


@dataclass(frozen=True, slots=True)
class Finding:
    """`cost_ns` is what it takes of the wall time; `saving_ns` what the advice would save of
    it, and `share` that as a share of the wall time, from 0 to 1; `extra_ns` what it saves when
    all advice before it has been followed. For the place see `Place`."""

    code: str
    severity: str
    title: str
    function: str | None
    file: str | None
    line: int | None
    relative: bool
    source: str | None
    cost_ns: int
    share: float
    saving_ns: int
    extra_ns: int
    evidence: tuple[str, ...]
    advice: str
    limits: tuple[Limit, ...]


@dataclass(frozen=True)
class _Measured:
    """A candidate that has reached all thresholds of its rule."""

    rule: Rule
    found: Candidate
    saving_ns: int
    limits: tuple[Limit, ...]


def findings(
    rules: Iterable[Rule], case: Case, settings: Mapping[str, Setting]
) -> tuple[Finding, ...]:
    """What the rules find, the largest saving first."""
    with ThreadPoolExecutor(max_workers=AT_A_TIME) as pool:
        candidates = pool.map(lambda rule: (rule, [*rule.check(case)]), rules)
    measured = [
        one
        for rule, candidates_of in candidates
        for found in candidates_of
        if (one := _measure(rule, found, case, settings))
    ]
    measured.sort(key=lambda one: -one.saving_ns)
    claims: list[Claim] = [one.found.claim for one in measured]
    extras = extra_ns(claims, case.segments_ns)
    return tuple(
        _finding(one, extra, case.wall.wall_ns) for one, extra in zip(measured, extras, strict=True)
    )


def _measure(
    rule: Rule, found: Candidate, case: Case, settings: Mapping[str, Setting]
) -> _Measured | None:
    saving_ns = found.claim.saving_ns(case.segments_ns)
    share = _share(saving_ns, case.wall.wall_ns)
    cost = {SAVING.name: saving_ns / 1e6, SHARE.name: 100 * share}
    limits = rule.limits({**cost, **found.seen}, settings)
    if limits is None:
        return None
    return _Measured(rule, found, saving_ns, limits)


def _finding(one: _Measured, extra_ns: int, wall_ns: int) -> Finding:
    found, share = one.found, _share(one.saving_ns, wall_ns)
    return Finding(
        code=one.rule.code,
        severity=found.severity or next(name for name, least in SEVERITIES if share >= least),
        title=found.title,
        function=found.place.function,
        file=found.place.file,
        line=found.place.line,
        relative=found.place.relative,
        source=found.place.source,
        cost_ns=found.cost_ns,
        share=share,
        saving_ns=one.saving_ns,
        extra_ns=extra_ns,
        evidence=found.evidence,
        advice=found.advice,
        limits=one.limits,
    )


def _share(ns: int, wall_ns: int) -> float:
    return ns / wall_ns if wall_ns else 0.0
