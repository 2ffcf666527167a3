"""What changed between traces of a script, however its lines and names have moved."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from pathlib import Path

import pytest

from aklo_analysis.compare import json as as_json
from aklo_analysis.compare import significance, written
from aklo_analysis.compare.amounts import COMMAND, FILE, FUNCTION, LINE, PROGRAM, Amounts
from aklo_analysis.compare.comparison import (
    EXTRA_LACKS,
    GONE,
    LESS,
    MORE,
    NEW,
    ONE_TRACE,
    SAME,
    TOO_FEW,
    Change,
    Comparison,
    compare,
)
from aklo_analysis.reporters.clip import columns
from aklo_analysis.reporters.options import Options
from aklo_analysis.reporters.text_page import TextPage
from aklo_trace.meta import ORDER

from ..sample import HOSTILE, sample_trace
from ..synthetic_trace import MS, SyntheticTrace
from .script import run, seen
from .script import written as made

OLD = "#!/bin/bash\nwork() {\n    sed -x\n    cut -x\n    tail -x\n}\n"
NEW_TEXT = "#!/bin/bash\n# edited\n# twice\nwork() {\n    sed -x\n    tr -x\n    cut -x\n}\n"


def compared(before: list[SyntheticTrace], after: list[SyntheticTrace]) -> Comparison:
    return of([*map(seen, before)], [*map(seen, after)])


def of(before: list[Amounts], after: list[Amounts]) -> Comparison:
    return compare(before, after, (["a"] * len(before), ["b"] * len(after)))


def counts(found: Comparison, kind: str, measure: str = "starts") -> dict[str, tuple[str, float]]:
    return {
        name_of(one): (one.state, one.difference)
        for one in found.of(kind)
        if one.measure.key == measure
    }


def name_of(one: Change) -> str:
    entry = one.entry
    return entry.name if entry.kind != LINE else f"{one.number_before}>{entry.number}"


def total(found: Comparison, key: str) -> Change:
    return next(one for one in found.totals if one.measure.key == key)


def shown(found: Comparison, width: int | None = 80) -> str:
    stream = io.StringIO()
    written.write(found, TextPage(stream, Options(width=width)))
    return stream.getvalue()


def test_a_trace_is_the_same_as_itself() -> None:
    found = compared([sample_trace()], [sample_trace()])
    assert found.changes == ()
    assert {one.state for one in found.totals} == {SAME}
    assert written.ALL_SAME.split(",")[0] in shown(found)


def test_programs_that_are_new_gone_and_more(tmp_path: Path) -> None:
    script = made(tmp_path, "s.sh", OLD)
    before = run(script, (3, "sed", 20), (4, "cut", 20), (5, "tail", 20))
    after = run(script, (3, "sed", 20), (4, "cut", 20), (4, "cut", 20), (3, "awk", 20))
    found = compared([before], [after])
    changed = {"awk": (NEW, 1), "tail": (GONE, -1), "cut": (MORE, 1)}
    assert counts(found, PROGRAM) == changed
    assert counts(found, COMMAND) == {f"{name} -x": change for name, change in changed.items()}
    assert counts(found, FUNCTION) == {"work": (MORE, 1)}
    assert total(found, "processes").difference == 1
    assert found.untested == ONE_TRACE
    assert not any(one.is_sure for one in (*found.totals, *found.changes))


def edited(tmp_path: Path, *, keep_old: bool) -> Comparison:
    """Of a file that was edited in place; its old text can be had only before that."""
    script = made(tmp_path, "s.sh", OLD)
    old = run(script, (3, "sed", 20), (4, "cut", 20), (5, "tail", 20))
    before = seen(old)
    if not keep_old:
        before = replace(before, texts={})
    made(tmp_path, "s.sh", NEW_TEXT)
    new = run(script, (5, "sed", 20), (6, "tr", 20), (7, "cut", 20))
    return of([before], [seen(new)])


@pytest.mark.parametrize("keep_old", [True, False])
def test_lines_of_a_file_that_was_edited_are_told_by_text_or_deeds(
    tmp_path: Path, keep_old: bool
) -> None:
    found = edited(tmp_path, keep_old=keep_old)
    assert counts(found, LINE) == {"6>6": (NEW, 1), "5>5": (GONE, -1)}
    gone = next(one for one in found.of(LINE) if one.state == GONE)
    assert gone.entry.gone
    assert gone.source == ("tail -x" if keep_old else None)
    new = next(one for one in found.of(LINE) if one.state == NEW)
    assert new.source == "tr -x"


def test_what_a_line_did_that_is_another_now_is_shown_with_its_own_text_or_none(
    tmp_path: Path,
) -> None:
    """The line of sed counts its sheep itself now, at the same place."""
    script = made(tmp_path, "s.sh", OLD)
    before = seen(run(script, (3, "sed", 20), (4, "cut", 20)))
    made(tmp_path, "s.sh", OLD.replace("sed -x", "read -r x"))
    trace = run(script, (4, "cut", 20))
    site = trace.site("work", script, 3, (None, script, 1))
    trace.call(10, "read", 900 * MS, MS, ret=1, site_id=site)
    after = seen(trace)
    for texts, source in (before.texts, "sed -x"), ({}, None):
        found = of([replace(before, texts=texts)], [after])
        assert counts(found, LINE) == {"3>3": (GONE, -1)}
        (gone,) = [one for one in found.of(LINE) if one.measure.key == "starts"]
        assert gone.source == source


def test_lines_of_a_file_that_is_the_same_are_told_by_their_numbers(tmp_path: Path) -> None:
    script = made(tmp_path, "s.sh", OLD)
    before = run(script, (3, "sed", 20), (4, "sed", 20))
    after = run(script, (4, "sed", 20), (5, "sed", 20))
    found = compared([before], [after])
    assert counts(found, LINE) == {"5>5": (NEW, 1), "3>3": (GONE, -1)}


def test_a_tool_in_another_directory_is_the_same_tool(tmp_path: Path) -> None:
    done = (3, "sed", 20), (4, "cut", 20)
    old, new = (made(tmp_path, f"{name}/bin/s.sh", OLD) for name in ("v1", "v2"))
    before = run(old, *done, opens=[str(tmp_path / "v1/conf")])
    after = run(new, *done, opens=[str(tmp_path / "v2/conf")])
    assert compared([before], [after]).changes == ()


def test_what_a_trace_does_not_tell_is_neither_new_nor_gone(tmp_path: Path) -> None:
    script = made(tmp_path, "s.sh", OLD)
    whole, other = run(script, (3, "sed", 20)), run(script, (3, "sed", 20))
    other.facts["timing"] = ORDER
    for row in other.rows["processes"]:
        row |= {"utime_ns": None, "stime_ns": None, "max_rss_bytes": None}
    for before, after in ([whole, other], [whole] * 2), ([whole] * 2, [other] * 2):
        found = compared(before, after)
        assert {"work_time", "cpu_time"}.isdisjoint(one.measure.key for one in found.totals)
        assert found.changes == ()
        assert "not compared: work time, cpu time, times of parts." in " ".join(found.doubts)
    assert total(compared([other], [other]), "failed_calls").after == (0,)


def test_files_with_made_up_names_are_the_same_files(tmp_path: Path) -> None:
    script = made(tmp_path, "s.sh", OLD)
    before = run(script, opens=["/tmp/x.Ab3dE6/list", "/etc/hosts"])
    after = run(script, opens=["/tmp/x.Zy9wV8/list", "/etc/hosts", "/etc/passwd"])
    assert counts(compared([before], [after]), FILE, "opens") == {"/etc/passwd": (NEW, 1)}


def runs(script: str, times: list[int], *done: tuple[int, str, int]) -> list[SyntheticTrace]:
    return [run(script, *done, more=ms * MS) for ms in times]


def test_counts_that_repeat_are_sure_and_times_are_tested(tmp_path: Path) -> None:
    script = made(tmp_path, "s.sh", OLD)
    before = runs(script, [0, 1, 2, 3, 4, 5], (3, "sed", 20))
    after = runs(script, [200, 201, 202, 203, 204, 205], (3, "sed", 20), (4, "cut", 20))
    found = compared(before, after)
    assert found.untested is None
    assert total(found, "processes").is_sure
    wall = total(found, "wall_time")
    assert wall.is_sure
    assert wall.tested is not None
    assert wall.tested.interval is not None
    assert wall.tested.interval.low > 190 * MS
    assert total(found, "calls").difference == 3
    assert "200ms" in shown(found)


def test_what_varies_on_a_side_is_not_sure(tmp_path: Path) -> None:
    script = made(tmp_path, "s.sh", OLD)
    one, two = (3, "sed", 20), (4, "cut", 20)
    found = compared([run(script, one), run(script, one, two)], [run(script)] * 2)
    (sed,) = [c for c in found.of(PROGRAM) if c.entry.name == "sed" and not c.is_time]
    (cut,) = [c for c in found.of(PROGRAM) if c.entry.name == "cut" and not c.is_time]
    assert (sed.state, sed.is_sure) == (GONE, True)
    assert (cut.state, cut.repeats) == (GONE, False)
    assert total(found, "processes").state == LESS
    assert not total(found, "processes").is_sure
    assert found.untested == TOO_FEW


def test_without_scipy_counts_are_compared_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(significance.importlib.util, "find_spec", lambda _: None)
    script = made(tmp_path, "s.sh", OLD)
    found = compared(runs(script, [0] * 4), runs(script, [9] * 4, (3, "sed", 20)))
    assert found.untested == EXTRA_LACKS
    assert total(found, "processes").is_sure
    assert "aklo-trace[statistics]" in " ".join(shown(found).split())


def test_what_makes_a_comparison_doubtful_is_said() -> None:
    before, after = sample_trace(), sample_trace()
    after.facts |= {"engine": "strace", "argv": ("aklo", "new"), "filter": ("read",)}
    doubts = " ".join(compared([before], [after]).doubts)
    for word in ("same command", "same engine", "same calls", "2 of 2 traces are incomplete"):
        assert word in doubts


def test_hostile_names_are_escaped_and_fit_80_columns(tmp_path: Path) -> None:
    script = made(tmp_path, "s.sh", OLD)
    after = run(script, (3, "s\x1b[2Jed", 20), opens=[HOSTILE])
    after.facts["argv"] = (HOSTILE,)
    found = compared([run(script)], [after])
    page = shown(found)
    assert "\x1b" not in page
    assert "\u202e" not in page
    assert max(map(columns, page.splitlines())) <= 80
    document = io.StringIO()
    as_json.write(found, document)
    assert document.getvalue().isascii()
    changes = json.loads(document.getvalue())["changes"]
    assert {"entry", "gone"}.isdisjoint(changes[0])
    assert HOSTILE in {change["name"] for change in changes}
