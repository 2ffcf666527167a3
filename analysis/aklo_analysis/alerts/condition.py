"""What is to be an alert, as the configuration has it."""

from __future__ import annotations

import operator
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any, Final

import numpy as np

from aklo_analysis.alerts.metrics import METRICS, Metric, allowed
from aklo_analysis.alerts.quantity import Amount
from aklo_analysis.caches.cache import SHIPPED
from aklo_trace.config.configuration import Configuration, Setting
from aklo_trace.config.declared import Wrong, declared, somewhere
from aklo_trace.config.entry import BY_DEFAULT, Origin, Problem
from aklo_trace.config.keys import THRESHOLD
from aklo_trace.spelling import meant

SLOW_OPERATION: Final = "slow_operation"
"""The alert that there is without any configuration, as in aklo."""

BEYOND: Final[dict[str, Callable[[Any, Any], Any]]] = {
    "over": operator.gt,
    "under": operator.lt,
    "at_least": operator.ge,
}
"""How an amount compares with a limit that it is beyond."""


@dataclass(frozen=True, slots=True)
class Condition:
    """Times are in ns. `comparison` is a key of `BEYOND`; `limit` and `clear` are amounts of the
    metric's quantity. `origin` is where the limit stands."""

    name: str
    metric: Metric
    of: str | None
    comparison: str
    limit: Amount
    clear: Amount
    severity: str
    command: str
    count: int
    runs: int
    for_ns: int
    hold_ns: int
    repeat_ns: int
    actions: tuple[str, ...]
    origin: Origin

    def is_about(self, command: str) -> bool:
        return fnmatchcase(command, self.command)

    def beyond(self, amounts: np.ndarray[Any, Any], limit: Amount) -> np.ndarray[Any, Any]:
        """Which amounts are beyond a limit."""
        found: np.ndarray[Any, Any] = BEYOND[self.comparison](amounts, limit)
        return found


def conditions(found: Configuration) -> tuple[tuple[Condition, ...], tuple[Problem, ...]]:
    """All that are enabled, and what is wrong with others, which are left out."""
    names = sorted({SLOW_OPERATION, *found.tables("alert")})
    caches = cache_names(found)
    return declared(
        names,
        lambda name: _settings(found, name),
        lambda name, settings: _condition(name, settings, caches),
    )


def cache_names(found: Configuration) -> set[str]:
    """Those that a metric can be of."""
    return {*(cache.name for cache in SHIPPED), *found.tables("cache")}


def _settings(found: Configuration, name: str) -> Mapping[str, Setting]:
    settings = found.table("alert", name)
    if name == SLOW_OPERATION:
        threshold = found.setting(THRESHOLD)
        settings.setdefault("metric", Setting(f"alert.{name}.metric", "operation", BY_DEFAULT))
        if not settings.keys() & BEYOND.keys():
            settings["over"] = threshold
    return settings


def _condition(name: str, settings: Mapping[str, Setting], caches: Collection[str]) -> Condition:
    metric = _metric(name, settings)
    comparison = _comparison(name, settings)
    limit = _amount(metric, settings[comparison])
    clear = _amount(metric, settings["clear"]) if "clear" in settings else limit
    value: dict[str, Any] = {key: setting.value for key, setting in settings.items()}
    if "clear" in settings and BEYOND[comparison](clear, limit) and clear != limit:
        what = f"must not be beyond the limit, {metric.quantity.shown(limit)}"
        raise Wrong(settings["clear"], what)
    return Condition(
        name=name,
        metric=metric,
        of=_of(metric, settings, caches),
        comparison=comparison,
        limit=limit,
        clear=clear,
        severity=value["severity"],
        command=value["command"],
        count=value["count"],
        runs=value["runs"],
        for_ns=value["for"],
        hold_ns=value["hold"],
        repeat_ns=value["repeat"],
        actions=value["actions"],
        origin=settings[comparison].origin,
    )


def _metric(name: str, settings: Mapping[str, Setting]) -> Metric:
    if "metric" not in settings:
        raise Wrong(somewhere(settings), f"alert.{name} needs a metric: {', '.join(METRICS)}")
    given = str(settings["metric"].value)
    found = METRICS.get(given)
    if found is None:
        what = f"must be one of {', '.join(METRICS)}{meant(given, METRICS)}"
        raise Wrong(settings["metric"], what)
    return found


def _comparison(name: str, settings: Mapping[str, Setting]) -> str:
    given = [word for word in BEYOND if word in settings]
    if len(given) != 1:
        raise Wrong(somewhere(settings), f"alert.{name} needs one of {', '.join(BEYOND)}")
    return given[0]


def _of(metric: Metric, settings: Mapping[str, Setting], caches: Collection[str]) -> str | None:
    if "of" not in settings:
        return None
    of = str(settings["of"].value)
    others = allowed(metric, of, caches)
    if others is not None:
        raise Wrong(settings["of"], f"for the metric {metric.name} must be {others}")
    return of


def _amount(metric: Metric, setting: Setting) -> Amount:
    try:
        return metric.quantity.read(setting.value)  # type: ignore[arg-type]
    except (ValueError, OverflowError):
        what = f"must be {metric.quantity.allowed} for the metric {metric.name}"
        raise Wrong(setting, what) from None
