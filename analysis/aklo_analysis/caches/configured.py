"""Caches as the configuration has them: those that it declares, and those of aklo."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any, Final

from aklo_analysis.caches.cache import SHIPPED, Cache
from aklo_trace.config.configuration import Configuration, Setting
from aklo_trace.config.declared import Wrong, declared, somewhere
from aklo_trace.config.entry import Problem
from aklo_trace.quantity import DAY_NS, size_bytes

TABLE: Final = "cache"
MB: Final = 1_000_000


def caches(found: Configuration) -> tuple[tuple[Cache, ...], tuple[Problem, ...]]:
    """All that are enabled, what is declared first; and what is wrong with others."""
    shipped = {cache.name: cache for cache in _shipped(found)}
    names = [name for name in found.tables(TABLE) if name not in shipped]
    return declared(
        (*names, *shipped),
        lambda name: found.table(TABLE, name),
        lambda name, settings: _cache(shipped.get(name, Cache(name)), settings),
    )


def benchmarked(known: Iterable[Cache], work_ns: Mapping[str, int]) -> tuple[Cache, ...]:
    """The caches with what the work of a miss takes, by name."""
    return tuple(replace(one, benchmarked_ns=work_ns.get(one.name)) for one in known)


def _shipped(found: Configuration) -> tuple[Cache, ...]:
    """Those of aklo, with what its own configuration says of them."""
    scans = found.value("cache.scan_dir", str).rstrip("/")
    days = found.setting("cache.ttl_days").value
    limit_bytes = found.value("cache.max_size_mb", int) * MB
    assert isinstance(days, int | float)
    special: dict[str, dict[str, Any]] = {
        "id": {"limit_bytes": limit_bytes},
        "parsed": {"limit_bytes": limit_bytes, "ttl_ns": round(days * DAY_NS)},
        "batch": {"files": (f"{scans}/*.cache", f"{scans}.*/*.cache")},
    }
    return tuple(replace(cache, **special.get(cache.name, {})) for cache in SHIPPED)


def _cache(cache: Cache, settings: Mapping[str, Setting]) -> Cache:
    """The cache with what is set of it. `answer` is what it is without being set, too."""
    value: dict[str, Any] = {key: setting.value for key, setting in settings.items()}
    made = replace(
        cache,
        files=value.get("files", cache.files),
        companion=value.get("companion", cache.companion),
        function=value.get("function", cache.function),
        answer=value["answer"],
        ttl_ns=value.get("ttl", cache.ttl_ns),
        limit_bytes=_limit(settings) or cache.limit_bytes,
    )
    if not made.files and made.function is None:
        raise Wrong(somewhere(settings), f"cache.{cache.name} needs files, a function, or both")
    return made


def _limit(settings: Mapping[str, Setting]) -> int | None:
    if "max_size" not in settings:
        return None
    given = settings["max_size"].value
    try:
        return size_bytes(given if isinstance(given, str) else f"{given}B")
    except ValueError:
        raise Wrong(settings["max_size"], "must be a size such as 64MiB") from None
