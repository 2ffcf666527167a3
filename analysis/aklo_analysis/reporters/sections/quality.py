"""How far the data can be trusted."""

from __future__ import annotations

from typing import Final

from aklo_analysis.report import Report
from aklo_analysis.reporters.grid import Column, Grid
from aklo_analysis.reporters.page import Page
from aklo_analysis.reporters.sections.engine import STRACE, WITHOUT_PLACES
from aklo_analysis.units import count, share
from aklo_trace.escape import escape
from aklo_trace.loss import is_of_calls

UNMET: Final = "- No program named '{0}' ran: --programs {0} could record none of its calls."
NO_PLACES: Final = "- The trace does not say which line of a script made a call: {}."


def quality(report: Report, page: Page) -> None:
    meta = report.meta
    page.heading("Data quality")
    if meta.complete:
        page.sentence("Complete: the recording ended in order, and nothing was lost.", "good")
    else:
        page.sentence(f"Incomplete: {escape(meta.incomplete_reason or 'unknown why')}", "bad")
    grid = Grid((Column("rows"), Column("share"), Column("what", "left", wanted=40)))
    attempts = meta.attempts or meta.lost + report.summary.measure.calls
    for cause, number in _largest_first(meta.loss):
        part = share(number, attempts) if is_of_calls(cause) else ""
        grid.add(count(number), part, f"lost: {escape(cause)}", style="bad")
    for name, number in _largest_first(meta.lost_by_syscall):
        what = f"lost calls of {escape(name)}"
        grid.add(count(number), share(number, attempts), what, style="bad")
    for name, number in sorted(meta.in_flight_by_syscall.items()):
        grid.add(count(number), "", f"in {escape(name)} when the recording ended")
    for gap in report.gaps:
        if gap.count:
            grid.add(count(gap.count), share(gap.count, gap.of), gap.title)
    if grid.rows:
        page.grid(grid)
    if meta.engine == STRACE and not report.functions.rows:
        page.sentence(NO_PLACES.format(WITHOUT_PLACES[STRACE]))
    for name in report.unmet:
        page.sentence(UNMET.format(escape(name)), "warning")
    for note in meta.notes:
        page.sentence(f"- {escape(note)}")


def _largest_first(lost: dict[str, int]) -> list[tuple[str, int]]:
    return sorted(lost.items(), key=lambda item: -item[1])
