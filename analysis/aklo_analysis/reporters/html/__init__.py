"""The report as one HTML file, for a browser: it loads nothing, and can be sent to anybody."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final, TextIO

from aklo_analysis.flame import CALLS, CPU, PROCESSES, WALL
from aklo_analysis.flame_pruning import Stacks
from aklo_analysis.report import Report
from aklo_analysis.reporters.html import drawings
from aklo_analysis.reporters.html.document import document, drawing
from aklo_analysis.reporters.html.drawings import Width
from aklo_analysis.reporters.html.page import HtmlPage
from aklo_analysis.reporters.options import Options
from aklo_analysis.reporters.sections import SECTIONS
from aklo_analysis.units import count
from aklo_trace.contents import BY, ON_REQUEST
from aklo_trace.escape import escape_command

FIRST: Final = ("header", "findings", "wall")
"""Sections that stand before the pictures."""
TITLE: Final = 200
"""Characters of a command that a title has."""
WIDTHS: Final = {
    WALL: Width("wall time", True),
    PROCESSES: Width("processes", False),
    CALLS: Width("system calls", False),
    CPU: Width("CPU time", True),
}
"""What the frames of the flame graph are as wide as."""
FLAME: Final = (
    "Programs, below them the functions of their shell code, below these the programs that they "
    "started, and so on: each as wide as its share, with all that is below it."
)
OVER_TIME: Final = (
    "What the user was waiting for at each instant, and the processes, each below the one that "
    "started it."
)
OTHERS: Final = (
    "The {} longest are drawn one by one; the {} others as how many of them there were at a time."
)
LATENCY: Final = (
    "How long calls took, by when they began: the stronger the colour, the more of them."
)


def write(report: Report, stream: TextIO, options: Options) -> None:
    """Write all sections that have something to say, with the pictures behind the first ones.
    Tables have as many rows as the report."""
    page = HtmlPage()
    for name in FIRST:
        SECTIONS[name](report, page)
    data = dict(_pictures(report, page))
    for name, section in SECTIONS.items():
        if name not in (*FIRST, *ON_REQUEST) or (name == BY and report.by):
            section(report, page)
    command = escape_command(report.meta.argv)
    title = command if len(command) <= TITLE else f"{command[:TITLE]} …"
    stream.write(document("aklo-trace", title, page.sections, data, options.utf8))


def _pictures(report: Report, page: HtmlPage) -> Iterator[tuple[str, dict[str, Any]]]:
    """The data of each picture by its name; its place is added to the page."""
    flame = report.flame
    own = {w: flame.own[w] for w in WIDTHS if w in flame.own and flame.own[w].any()}
    if own:
        page.heading("Flame graph", FLAME)
        page.add(drawing("flame", "Flame graph"))
        stacks = Stacks(flame.frames, flame.frame, flame.parent, own)
        yield "flame", drawings.flame_graph(stacks, WIDTHS)
    if report.over_time is None:
        return
    timeline, heat = report.over_time.timeline, report.over_time.heat_map
    if timeline.bars:
        drawn, others = count(len(timeline.bars)), count(timeline.others)
        more = OTHERS.format(drawn, others) if timeline.others else ""
        page.heading("Over time", f"{OVER_TIME} {more}".strip())
        page.add(drawing("timeline", "Processes over time"))
        yield "timeline", drawings.timeline(timeline)
    if heat.layers:
        page.heading("Latency over time", LATENCY)
        page.add(drawing("heat", "Latency over time"))
        yield "heat", drawings.heat_map(heat)
