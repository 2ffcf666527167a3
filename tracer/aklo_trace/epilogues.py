"""What the wrapper shows after a command of aklo, from the summaries of traces."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TextIO

from aklo_trace import summary
from aklo_trace.escape import escape
from aklo_trace.places import Asker
from aklo_trace.stored import stored
from aklo_trace.summary import CacheUse, TraceSummary

BENCHMARK = "aklo cache benchmark"


def place() -> TextIO:
    """Where it is shown: what reads the output of the command wants that alone."""
    return sys.stdout if sys.stdout.isatty() else sys.stderr


def status(asker: Asker, stream: TextIO | None = None) -> None:
    """The dashboard of stored traces."""
    from aklo_analysis.reporters.status import write
    from aklo_trace.commands.status import now
    from aklo_trace.presentation import look_of

    where = stream or place()
    write(now(asker), where, look_of(where, str(asker.configuration.setting("trace.color").value)))


def cache_status(asker: Asker) -> None:
    """The hit ratio of each cache, over the recent traces."""
    from aklo_trace.commands.status import now

    rows = [(row.name, row.lookups, row.hits, row.saved_ns) for row in now(asker).caches]
    title = "Measured by aklo-trace, over the recent commands:"
    _write(rows, title, "No trace has used a cache yet.")


def cache_benchmark(asker: Asker, trace: Path | None) -> None:
    """What each cache really gave in the benchmark."""
    found = summary.written(trace) if trace else _last(asker)
    title = f"Measured by aklo-trace{'' if trace else ', when it was last traced'}:"
    caches: Sequence[CacheUse] = found.caches if found else ()
    rows = [(one.name, one.lookups, one.hits, one.saved_ns) for one in caches]
    _write(rows, title, "No benchmark has been traced yet.")


def _last(asker: Asker) -> TraceSummary | None:
    for one in stored(asker.stores()[0]):
        found = one.summary() if one.totals and one.totals.command.startswith(BENCHMARK) else None
        if found and found.caches:
            return found
    return None


def _write(rows: Sequence[tuple[str, int, int, int | None]], title: str, none: str) -> None:
    from aklo_analysis.units import count, duration

    stream = place()
    if not rows:
        print(f"\n{none}", file=stream)
        return
    print(f"\n{title}", file=stream)
    print(f"  {'cache':<12}{'lookups':>9}{'hits':>9}{'ratio':>8}  saved", file=stream)
    for name, lookups, hits, saved_ns in rows:
        ratio = f"{hits / lookups:.0%}" if lookups else ""
        saved = "not known" if saved_ns is None else _saved(duration(abs(saved_ns)), saved_ns)
        cells = f"{escape(name):<12}{count(lookups):>9}{count(hits):>9}{ratio:>8}"
        print(f"  {cells}  {saved}", file=stream)


def _saved(text: str, ns: int) -> str:
    return f"{text} saved" if ns >= 0 else f"{text} lost"
