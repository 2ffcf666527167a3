"""A comparison as one HTML file: its tables, and a flame graph of what changed."""

from __future__ import annotations

from statistics import median_low
from typing import Final, TextIO

from aklo_analysis.charges import charges
from aklo_analysis.compare import written
from aklo_analysis.compare.comparison import Comparison, Side
from aklo_analysis.flame import CALLS, PROCESSES, WALL, Flame, flame
from aklo_analysis.flame_difference import AFTER, BEFORE, differential, key_of
from aklo_analysis.reporters.html.document import document, drawing
from aklo_analysis.reporters.html.drawings import Width, flame_graph
from aklo_analysis.reporters.html.page import HtmlPage
from aklo_analysis.reporters.options import Options
from aklo_analysis.rules.case import Case

TITLES: Final = {PROCESSES: "processes", WALL: "wall time", CALLS: "system calls"}
"""What is drawn, by weight; what repeats exactly comes first."""
MEANING: Final = (
    "Blue is less than before, red is more, grey the same. Frames are as wide as what they took "
    "after, or before: what is new, or gone, has a width on one side alone."
)
TYPICAL: Final = "Of each side the trace is drawn whose wall time is in the middle of them all."


def typical(side: Side) -> int:
    """The number of the trace whose wall time is the median of the side."""
    walls = [meta.wall_ns or 0 for meta in side.metas]
    return walls.index(median_low(walls))


def flame_of(case: Case) -> Flame:
    return flame(case, charges(case.frames, case.calls, case.lives, case.causes))


def write(
    found: Comparison, flames: tuple[Flame, Flame], stream: TextIO, options: Options, top: int
) -> None:
    """`flames`: of the typical trace before, and after. `top`: rows per table."""
    page = HtmlPage()
    weights = [key for key in TITLES if all(key in one.own for one in flames)]
    page.heading("Flame graph of what changed", MEANING)
    if found.is_repeated:
        page.sentence(TYPICAL, "dim")
    page.add(drawing("flame", "Flame graph of what changed"))
    picture = page.sections.pop()
    written.write(found, page, top)
    page.sections.insert(2, picture)
    data = {"flame": flame_graph(differential(*flames, weights), _widths(weights))}
    commands = ", ".join(dict.fromkeys((*found.before.commands, *found.after.commands)))
    title = f"{commands}: before and after"
    stream.write(document("aklo-trace compare", title, page.sections, data, options.utf8))


def _widths(weights: list[str]) -> dict[str, Width]:
    return {
        key_of(side, weight): Width(
            f"{TITLES[weight]} {side}",
            weight == WALL,
            (key_of(BEFORE, weight), key_of(AFTER, weight)),
        )
        for weight in weights
        for side in (AFTER, BEFORE)
    }
