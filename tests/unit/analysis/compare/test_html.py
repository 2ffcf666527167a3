"""A comparison as a page: its tables, and what changed as a flame graph."""

from __future__ import annotations

import io
import json
import re
from dataclasses import replace
from typing import Any

from aklo_analysis.compare.amounts import Amounts
from aklo_analysis.compare.comparison import Side, compare
from aklo_analysis.compare.html import flame_of, typical, write
from aklo_analysis.reporters.options import Options
from aklo_analysis.rules.case import Case

from ..sample import sample_trace
from ..synthetic_trace import SyntheticTrace


def without_some() -> SyntheticTrace:
    """Three of the programs are others, and one has a name that is markup."""
    trace = sample_trace()
    for row in trace.rows["images"][-3:]:
        row |= {"exe": "/usr/bin/awk", "argv": ["awk"]}
    trace.rows["images"][-1]["exe"] = "/usr/bin/<b>"
    return trace


def page(before: list[SyntheticTrace], after: list[SyntheticTrace]) -> str:
    sides = [[Case.of(trace) for trace in side] for side in (before, after)]
    found = compare(
        [*map(Amounts.seen, sides[0])],
        [*map(Amounts.seen, sides[1])],
        (["a"] * len(before), ["b"] * len(after)),
    )
    stream = io.StringIO()
    flames = flame_of(sides[0][0]), flame_of(sides[1][0])
    write(found, flames, stream, Options(width=None), top=30)
    return stream.getvalue()


def drawn(html: str) -> Any:
    data = re.search(r'id="drawings">(.*?)</script>', html)
    assert data
    return json.loads(data[1])["flame"]


def test_a_page_has_the_tables_and_draws_what_changed() -> None:
    html = page([sample_trace()], [without_some()])
    titles = re.findall(r"<h2 [^>]*>([^<]+)</h2>", html)
    assert titles[:3] == ["In all", "Flame graph of what changed", "Programs started"]
    flame = drawn(html)
    keys = [measure["key"] for measure in flame["measures"]]
    assert keys[:2] == ["processes after", "processes before"]
    assert flame["measures"][0]["pair"] == ["processes before", "processes after"]
    names = [flame["frames"][frame][0] for frame in flame["frame"]]
    programs = {
        name: tuple(flame["own"][f"processes {side}"][node] for side in ("before", "after"))
        for node, name in enumerate(names)
        if name in ("sed", "awk", "<b>")
    }
    assert programs == {"sed": (8, 5), "awk": (0, 2), "<b>": (0, 1)}
    assert "<b>" not in html


def test_of_several_the_one_in_the_middle_is_drawn_and_that_is_said() -> None:
    html = page([sample_trace()] * 2, [without_some()] * 2)
    assert "whose wall time is in the middle" in html
    meta = SyntheticTrace().meta
    metas = tuple(replace(meta, wall_ns=ns) for ns in (9, None, 5, 7))
    assert typical(Side(metas, ("",) * 4)) == 2
