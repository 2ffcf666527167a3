"""Tables of text fit their width, whatever their cells hold."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from aklo_analysis.reporters.clip import clip_end, clip_path, clip_start, columns, wrap
from aklo_analysis.reporters.grid import Bar, Column, Grid, Spark
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


@given(printable, st.integers(4, 30), st.sampled_from((clip_end, clip_start, clip_path)))
def test_a_cut_text_fits(text: str, width: int, clip: object) -> None:
    cut = clip(text, width, "…")  # type: ignore[operator]
    assert columns(cut) <= width
    assert cut == text or columns(text) > width


def test_the_last_column_takes_what_is_left() -> None:
    grid = Grid((Column("calls"), Column("path", "left", clip="path")))
    grid.add("1,234", "/a/very/long/path/to/a/file")
    assert grid.lines(22, PLAIN) == ["  calls  path", "  1,234  …/to/a/file"]
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


def test_a_spark_has_a_column_for_each_number_and_something_for_each_above_nothing() -> None:
    assert PLAIN.spark((0, 0.0001, 0.5, 1.0, 7.0)) == "·▁▄██"
    assert Ink(color=False, utf8=False).spark((0, 0.0001, 0.5, 1.0)) == ".:+@"


def test_sparks_stay_below_each_other() -> None:
    grid = Grid((Column("", "left", "bar"), Column("name", "left")))
    grid.add(Spark((0, 0, 1.0)), "a")
    grid.add(Spark((1.0, 0, 0)), "b")
    assert grid.lines(80, PLAIN)[1:] == ["  ··█  a", "  █··  b"]


def test_a_path_is_cut_at_a_slash_if_one_is_near() -> None:
    assert clip_path("/opt/modules/item.sh", 12, "…") == "…/item.sh"
    assert clip_path("/opt/averylongname.sh", 12, "…") == "…longname.sh"
    assert clip_path("/opt/long/", 6, "…") == "…long/"


def test_a_column_without_values_is_left_out() -> None:
    grid = Grid((Column("calls"), Column("failed"), Column("name", "left")))
    grid.add("1", "", "a")
    assert grid.lines(80, PLAIN) == grid.lines(None, PLAIN) == ["  calls  name", "      1  a"]
    grid.add("2", "1", "b")
    assert "failed" in grid.lines(80, PLAIN)[0]


def optional_grid() -> Grid:
    grid = Grid(
        (Column("a"), Column("b", optional=1), Column("c", optional=2), Column("d", "left"))
    )
    grid.add("1", "2", "3", "a long name")
    return grid


def test_where_there_is_little_room_optional_columns_go_one_by_one() -> None:
    found = [optional_grid().lines(width, PLAIN)[1] for width in (22, 21, 19, 18, 16, 15)]
    assert found == [
        "  1  2  3  a long name",
        "  1  2  a long name",
        "  1  2  a long name",
        "  1  a long name",
        "  1  a long name",
        "  1  a long na…",
    ]


def test_where_nothing_is_cut_no_column_goes() -> None:
    assert optional_grid().lines(None, PLAIN)[1] == "  1  2  3  a long name"


@given(st.lists(printable.map(lambda text: text.replace(" ", ""))), st.integers(2, 30))
def test_wrapped_lines_fit_and_lose_nothing(words: list[str], width: int) -> None:
    lines = wrap(" ".join(words), width)
    assert max(map(columns, lines)) <= width
    assert "".join(lines).replace(" ", "") == "".join(words)


def test_a_line_is_wrapped_between_words() -> None:
    assert wrap("one two three four", 9) == ["one two", "three", "four"]
    assert wrap("日本 日本 日本", 9) == ["日本 日本", "日本"]
    assert wrap("", 9) == [""]


def test_a_note_stands_below_its_row_and_is_cut_at_its_end() -> None:
    grid = Grid((Column("n"), Column("name", "left")))
    grid.add("1", "one")
    grid.note("a text that is longer than the line", "plain")
    grid.add("2", "two")
    assert grid.lines(30, PLAIN) == [
        "  n  name",
        "  1  one",
        "          a text that is long…",
        "  2  two",
    ]
    assert "than the line" in grid.lines(None, PLAIN)[2]


def test_columns_with_a_least_width_give_way_to_the_last() -> None:
    columns = (Column("name", "left", least=6), Column("file", "left", clip="path", wanted=12))
    grid = Grid(columns)
    grid.add("a_function_of_a_long_name", "lib/file.sh")
    assert grid.lines(30, PLAIN)[1] == "  a_function_of_…  lib/file.sh"
    assert grid.lines(14, PLAIN)[1].startswith("  a_fun…  ")
