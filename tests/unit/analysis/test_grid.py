"""Tables of text fit their width, whatever their cells hold."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from aklo_analysis.reporters.clip import clip_end, clip_start, columns
from aklo_analysis.reporters.grid import Bar, Column, Grid
from aklo_analysis.reporters.ink import Ink

PLAIN = Ink(color=False, utf8=True)
printable = st.text(st.characters(categories=("L", "N", "P", "M")), max_size=40)


def test_wide_characters_take_two_columns_and_combining_ones_none() -> None:
    assert columns("abc") == 3
    assert columns("日本") == 4
    assert columns("e\u0301") == 1


def test_a_text_is_cut_at_either_side() -> None:
    assert clip_end("abcdef", 4, "…") == "abc…"
    assert clip_start("abcdef", 4, "…") == "…def"
    assert clip_end("日本語", 5, "…") == "日本…"
    assert clip_start("日本語", 4, "…") == "…語"


@given(printable, st.integers(4, 30), st.sampled_from((clip_end, clip_start)))
def test_a_cut_text_fits(text: str, width: int, clip: object) -> None:
    cut = clip(text, width, "…")  # type: ignore[operator]
    assert columns(cut) <= width
    assert cut == text or columns(text) > width


def test_the_last_column_takes_what_is_left() -> None:
    grid = Grid((Column("calls"), Column("path", "left", clip="start")))
    grid.add("1,234", "/a/very/long/path/to/a/file")
    assert grid.lines(22, PLAIN) == ["  calls  path", "  1,234  …th/to/a/file"]
    assert grid.lines(None, PLAIN)[1] == "  1,234  /a/very/long/path/to/a/file"


def test_a_column_with_a_limit_is_cut_only_where_there_is_a_width() -> None:
    grid = Grid((Column("program", "left", limit=4), Column("file", "left")))
    grid.add("abcdefgh", "x")
    assert grid.lines(80, PLAIN)[1] == "  abc…     x"
    assert grid.lines(None, PLAIN)[1] == "  abcdefgh  x"


def test_colours_do_not_move_columns() -> None:
    grid = Grid((Column("n"), Column("", "left", "bar"), Column("name", "left")))
    grid.add("1", Bar(0.5, 8), "a", style="bad")
    grid.add("100", Bar(1.0, 8), "b")
    colored = grid.lines(80, Ink(color=True, utf8=True))
    plain = grid.lines(80, PLAIN)
    assert plain == ["    n            name", "    1  ████      a", "  100  ████████  b"]
    assert colored[2] == "  100  \x1b[36m████████\x1b[0m  b"


def test_a_bar_is_never_empty_for_a_share_above_zero() -> None:
    assert PLAIN.bar(0.0001, 10) == "▏"
    assert PLAIN.bar(0.0, 10) == ""
    assert Ink(color=False, utf8=False).bar(0.0001, 10) == "#"


def test_a_bar_is_never_longer_than_its_width() -> None:
    assert PLAIN.bar(7.0, 10) == "█" * 10
