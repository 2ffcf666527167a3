"""A ranking leaves nothing out."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from aklo_analysis.measure import Measure
from aklo_analysis.ranking import Ranking, rank


@dataclass(frozen=True)
class Row:
    name: str
    measure: Measure


def groups() -> pd.DataFrame:
    columns = {"failed": 0, "untimed": 0, "bytes": 0, "wait_ns": 0}
    work = {"a": 5, "b": 9, "c": 7, "d": 1}
    return pd.DataFrame({"calls": 1, "work_ns": work.values(), **columns}, index=list(work))


def ranked(top: int | None) -> Ranking[Row, Measure]:
    apart = {"unknown": Measure(calls=3)}
    return rank(groups(), Measure, lambda g, measure: Row(g.Index, measure), top=top, apart=apart)


def test_costliest_first_and_the_rest_summed() -> None:
    ranking = ranked(2)
    assert [row.name for row in ranking.rows] == ["b", "c"]
    assert (ranking.others, ranking.rest) == (2, Measure(calls=2, work_ns=6))


def test_without_a_top_all_rows_are_there() -> None:
    ranking = ranked(None)
    assert [row.name for row in ranking.rows] == ["b", "c", "a", "d"]
    assert (ranking.others, ranking.rest) == (0, Measure())


def test_the_total_has_rows_rest_and_what_stands_apart() -> None:
    assert ranked(1).total == Measure(calls=7, work_ns=22)


def test_a_shorter_head_has_the_same_total() -> None:
    assert ranked(3).head(1) == ranked(1)
    assert ranked(3).head(9) == ranked(3)
