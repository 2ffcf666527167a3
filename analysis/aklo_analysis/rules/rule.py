"""What a rule is, and what it says of a trace."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from aklo_analysis.rules.case import Case, Place
from aklo_analysis.rules.claim import Claim

DEFAULT: Final = "default"
"""The origin of a limit that nobody has set."""


@dataclass(frozen=True, slots=True)
class Threshold:
    """What something must reach for a rule to speak of it, or if `most`, must not exceed. `name`
    is unique within its rule; outside it is `SH01.name`."""

    name: str
    unit: str
    default: float
    doc: str
    most: bool = False


@dataclass(frozen=True, slots=True)
class Setting:
    """A limit that somebody has set, and where: a file, a variable, an option."""

    value: float
    origin: str


@dataclass(frozen=True, slots=True)
class Limit:
    """A threshold with the value in force, and where that comes from, beside what was seen."""

    threshold: str
    unit: str
    limit: float
    seen: float
    origin: str


SAVING: Final = Threshold("saving_ms", "ms", 1, "what would be saved of the wall time")
SHARE: Final = Threshold("saving_percent", "percent", 1, "its share of the wall time")
COST: Final = (SAVING, SHARE)
"""Thresholds of every rule whose findings save time. What was seen is filled in for them."""


@dataclass(frozen=True)
class Candidate:
    """What a rule has found at a place, to be measured against its thresholds.

    `cost_ns` is what it takes of the wall time now, and `claim` what of that would go away.
    `title` says what happens there, `evidence` shows it in a handful of short lines, and `advice`
    names what to write instead. `seen` has a value for each threshold of the rule other than those
    of `COST`. `severity` is that of its saving, unless it is said here."""

    place: Place
    title: str
    cost_ns: int
    claim: Claim
    advice: str
    evidence: tuple[str, ...] = ()
    seen: Mapping[str, float] = field(default_factory=dict)
    severity: str | None = None


@dataclass(frozen=True)
class Rule:
    """`check` gives all that it finds, however small: what does not reach each of the
    `thresholds` is dropped after that."""

    code: str
    title: str
    check: Callable[[Case], Iterable[Candidate]]
    thresholds: tuple[Threshold, ...] = COST

    def limits(
        self, seen: Mapping[str, float], settings: Mapping[str, Setting]
    ) -> tuple[Limit, ...] | None:
        """The thresholds beside what was seen of each; None if one of them has not been
        reached. `settings` by full name."""
        found = [self._limit(one, seen[one.name], settings) for one in self.thresholds]
        passed = all(
            limit.seen <= limit.limit if one.most else limit.seen >= limit.limit
            for one, limit in zip(self.thresholds, found, strict=True)
        )
        return tuple(found) if passed else None

    def _limit(self, one: Threshold, seen: float, settings: Mapping[str, Setting]) -> Limit:
        setting = settings.get(f"{self.code}.{one.name}", Setting(one.default, DEFAULT))
        return Limit(one.name, one.unit, setting.value, seen, setting.origin)
