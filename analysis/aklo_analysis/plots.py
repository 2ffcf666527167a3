"""Plots of reports and of fleets, for notebooks.

They need matplotlib, an extra: ``pip install 'aklo-trace[plot]'``. Each draws on the axes that it
is given, or on new ones, and returns them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

import numpy as np

from aklo_analysis.program import base_name
from aklo_analysis.report import Report
from aklo_analysis.tables.activities import ActivityRow
from aklo_analysis.units import duration
from aklo_analysis.wall.doings import BY_KEY
from aklo_trace.errors import UsageError
from aklo_trace.escape import escape

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from aklo_analysis.fleet import Fleet

NO_MATPLOTLIB: Final = (
    "Plots need matplotlib, which is not installed: pip install 'aklo-trace[plot]'."
)
COLOR: Final = "#0072b2"
LONGEST: Final = 40
"""Characters of a label."""
INCHES_PER_BAR: Final = 0.32
LEAST: Final = 0.002
"""The share of the wall time of what is drawn."""


def plot_wall(report: Report, axes: Axes | None = None) -> Axes:
    """What the wall time was spent on, as bars."""
    wall_ns = report.wall.measure.wall_ns
    rows = [row for row in report.wall.doings if row.wall_ns > LEAST * wall_ns]
    labels = [BY_KEY[row.key].title for row in rows]
    title = f"Where {duration(wall_ns)} of wall time went"
    return _bars(labels, [row.wall_ns for row in rows], wall_ns, title, axes)


def plot_lines(report: Report, axes: Axes | None = None) -> Axes:
    """The lines of shell code that took most of the wall time, as bars."""
    rows = report.wall.lines.rows
    labels = [
        f"{base_name(row.file or row.function or '(string)')}:{row.number or '?'}" for row in rows
    ]
    times = [row.measure.wall_ns for row in rows]
    title = "Lines of shell code, with the programs that they started"
    return _bars(labels, times, report.wall.measure.wall_ns, title, axes)


def plot_functions(report: Report, axes: Axes | None = None) -> Axes:
    """The functions whose own lines took most of the wall time, as bars."""
    rows = report.wall.functions.rows
    labels = [row.function or base_name(row.file or "(string)") for row in rows]
    times = [row.measure.wall_ns for row in rows]
    title = "Functions of shell code, with the programs that they started"
    return _bars(labels, times, report.wall.measure.wall_ns, title, axes)


def plot_latencies(report: Report, classes: int = 10, axes: Axes | None = None) -> Axes:
    """How long calls took, a row for each of the classes of operations that took longest: the
    darker, the more calls took that long."""
    rows = [row for row in report.activities if row.distribution][:classes]
    axes = axes or _new(1.5 + INCHES_PER_BAR * len(rows))
    axes.set_xlabel("how long a call took")
    axes.set_title("How long calls took, by what they do", loc="left")
    if rows:
        _draw_latencies(rows, axes)
    return axes


def _draw_latencies(rows: Sequence[ActivityRow], axes: Axes) -> None:
    counts = np.zeros((len(rows), max((len(_histogram(row)) for row in rows), default=1)))
    for place, row in enumerate(rows):
        counts[place, : len(_histogram(row))] = _histogram(row)
    first = int(np.argmax(counts.any(axis=0)))
    edges = np.arange(first, counts.shape[1] + 1)
    shown = np.ma.masked_equal(counts[:, first:], 0)
    mesh = axes.pcolormesh(edges, np.arange(len(rows) + 1), shown, norm="log", cmap="Blues")
    mesh.set_edgecolor("white")
    axes.invert_yaxis()
    labels = [f"{'waiting ' if row.activity.waits else ''}{row.activity.title}" for row in rows]
    axes.set_yticks(np.arange(len(rows)) + 0.5, labels)
    decades = 10.0 ** np.arange(12)
    within = decades[(np.log2(decades) >= edges[0]) & (np.log2(decades) <= edges[-1])]
    axes.set_xticks(np.log2(within), [_round(ns) for ns in within])
    axes.figure.colorbar(mesh, ax=axes, label="calls")


def _histogram(row: ActivityRow) -> tuple[int, ...]:
    return row.distribution.histogram if row.distribution else ()


def _round(ns: float) -> str:
    """`10µs`, for a power of ten."""
    power = round(np.log10(ns))
    return f"{10 ** (power % 3)}{('ns', 'µs', 'ms', 's')[min(power // 3, 3)]}"


def plot_runs(fleet: Fleet, axes: Axes | None = None) -> Axes:
    """The wall time of each command over its runs."""
    axes = axes or _new(4)
    runs = fleet.traces.dropna(subset=["wall_ns"])
    for command, group in runs.groupby("command", sort=False):
        times = group["wall_ns"].to_numpy(np.float64) / 1e9
        axes.plot(group["started"], times, "o-", markersize=4, label=_label(str(command)))
    axes.set_ylim(bottom=0)
    axes.set_ylabel("wall time in s")
    axes.set_title("Wall time by run", loc="left")
    axes.legend(frameon=False)
    axes.figure.autofmt_xdate()
    return axes


def _bars(
    labels: Sequence[str], times_ns: Sequence[int], whole_ns: int, title: str, axes: Axes | None
) -> Axes:
    """The longest on top, each with its time and its share of the whole."""
    axes = axes or _new(1 + INCHES_PER_BAR * len(labels))
    places = np.arange(len(labels))[::-1]
    axes.barh(places, [ns / 1e6 for ns in times_ns], color=COLOR, height=0.7)
    for place, ns in zip(places, times_ns, strict=True):
        share = f"{100 * ns / whole_ns:.0f}%" if whole_ns else ""
        axes.annotate(
            f"{duration(ns)}  {share}",
            (ns / 1e6, float(place)),
            xytext=(4, 0),
            textcoords="offset points",
            va="center",
            fontsize=8,
        )
    axes.set_yticks(places, [_label(label) for label in labels])
    axes.set_xlabel("ms")
    axes.margins(x=0.15)
    axes.set_title(title, loc="left")
    return axes


def _label(text: str) -> str:
    """Short, harmless, and no formula: between dollar signs matplotlib reads one."""
    text = escape(text)
    short = text if len(text) <= LONGEST else f"…{text[1 - LONGEST :]}"
    return short.replace("$", r"\$")


def _new(height: float) -> Axes:
    try:
        from matplotlib import pyplot
    except ImportError as error:
        raise UsageError(NO_MATPLOTLIB) from error
    _, axes = pyplot.subplots(figsize=(8, height), layout="constrained")
    axes.spines[["top", "right"]].set_visible(False)
    return axes
