"""The picture: what it shows, and that it fits.

After an intended change, ``UPDATE_GOLDEN=1 pytest tests/unit/dashboard`` writes the golden files
anew; read their diff.
"""

from __future__ import annotations

import io
import os
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console

from aklo_analysis.dashboard.keyboard import named
from aklo_analysis.dashboard.screen import LEAST_HEIGHT, LEAST_WIDTH, Look, rows, screen
from aklo_analysis.dashboard.seen import DIMENSIONS
from aklo_analysis.dashboard.state import ENDED, REPLAYED, State
from aklo_analysis.dashboard.view import CHANGES, KEYS, SORTS, View, pressed

from .seeing import sample_state

GOLDEN = Path(__file__).parent / "golden"
LOOKS = {
    "80x24.txt": (Look(80, 24), View()),
    "120x40.txt": (Look(120, 40), View(tab="file", sort="calls", row=2)),
    "60x16-ascii.txt": (Look(60, 16, utf8=False), View(lately=True, paused=True)),
    "into.txt": (Look(80, 24), View(tab="call", only={"function": "main"}, typing=True, text="re")),
    "help.txt": (Look(80, 24), View(help=True)),
}


def text(state: State, view: View, look: Look) -> str:
    return "".join(line.plain.rstrip() + "\n" for line in screen(state, view, look))


@pytest.mark.parametrize("name", LOOKS)
def test_the_picture_is_the_golden_one(name: str) -> None:
    look, view = LOOKS[name]
    found, path = text(sample_state(), view, look), GOLDEN / name
    if os.environ.get("UPDATE_GOLDEN"):
        path.write_text(found, encoding="utf-8")
    assert found == path.read_text(encoding="utf-8")


@pytest.mark.parametrize("height", [LEAST_HEIGHT, 24, 27, 28, 60])
@pytest.mark.parametrize("width", [LEAST_WIDTH, 75, 76, 80, 200])
def test_it_fits_the_terminal(width: int, height: int) -> None:
    state = sample_state()
    for tab in DIMENSIONS:
        lines = screen(state, View(tab=tab), Look(width, height))
        assert len(lines) == height
        assert max(line.cell_len for line in lines) <= width


def test_a_terminal_that_is_too_small_is_told_so() -> None:
    assert "too small" in text(sample_state(), View(), Look(LEAST_WIDTH - 1, 24))


def test_without_utf8_all_is_ascii_and_nothing_hostile_reaches_the_terminal() -> None:
    state = sample_state()
    for tab in DIMENSIONS:
        found = text(state, View(tab=tab), Look(100, 30, utf8=False))
        assert found.isascii()
        assert "\x1b" not in text(state, View(tab=tab), Look(100, 30))


def test_without_colour_no_more_than_emphasis_is_written() -> None:
    stream = io.StringIO()
    console = Console(file=stream, force_terminal=True, no_color=True, color_system=None, width=80)
    for line in screen(sample_state(), View(), Look(80, 24)):
        console.print(line)
    assert "\x1b[3" not in stream.getvalue()


@pytest.mark.parametrize("mode", [ENDED, REPLAYED])
def test_the_mode_is_said(mode: str) -> None:
    state = sample_state()
    state.mode = mode
    assert mode.upper() in text(state, View(), Look(80, 24))
    state.note = "catching up"
    assert "catching up" in text(state, View(), Look(80, 24))


def test_an_empty_state_says_that_there_is_nothing() -> None:
    state = State(sample_state().about)
    assert "Nothing yet" in text(state, View(), Look(80, 24))
    assert "Nothing holds" in text(sample_state(), View(text="nowhere"), Look(80, 24))


def test_rows_are_sorted_by_what_was_asked_for() -> None:
    state = sample_state()
    first = {sort: rows(state, View(tab="function", sort=sort))[0].name for sort in SORTS}
    assert first["work"] == "store"
    assert first["calls"] == first["bytes"] == "config_value"
    assert first["failed"] == "lookup"
    assert first["waiting"] == "main"
    assert first["name"] == "config_value"


BEGIN = View()


def after(*keys: str, view: View = BEGIN, shown: tuple[str, ...] = ("a", "b", "c")) -> View:
    for key in keys:
        view = pressed(view, key, [*shown])
    return view


def test_keys_change_what_is_looked_at() -> None:
    assert after("3").tab == "program"
    assert after("tab").tab == "line"
    assert after("s").sort == SORTS[1]
    assert after("down", "down", "down", "down").row == 2
    assert after("down", "home").row == 0
    assert after("t").lately
    assert after(" ").paused
    assert after("q").over
    assert not after("?", "x").help
    assert after("?", "q").over
    assert after("+").speed - after("-").speed == 2
    assert after("r").again
    assert after("x") == View()


def test_a_row_is_looked_into_and_left_again() -> None:
    into = after("down", "enter")
    assert (dict(into.only), into.tab, into.row) == ({"function": "b"}, "line", 0)
    assert after("tab", view=into).tab == "program"
    assert after("enter", "escape", view=into) == into
    assert after("escape", view=into) == View()
    assert after("enter", view=into, shown=()) == into
    last = after(*["enter"] * 9)
    assert len(last.only) == len(DIMENSIONS) - 1


def test_a_text_is_typed_and_let_go() -> None:
    view = after("/", "q", "1", "x", "backspace")
    assert (view.text, view.typing, view.over) == ("q1", True, False)
    assert after("up", "enter", view=view) == replace(view, typing=False)
    assert after("escape", view=view).text == ""
    assert after("enter", "escape", view=view).text == ""


@pytest.mark.parametrize(
    ("typed", "keys"),
    [
        ("\x1b[A\x1bOBq", ["up", "down", "q"]),
        ("\x1b", ["escape"]),
        ("\x1b[5~\x1b[1;5C\x1b[99~x", ["page_up", "x"]),
        ("\t\r\x7f\x01é", ["tab", "enter", "backspace", "é"]),
        ("\x1b[", []),
    ],
)
def test_input_is_taken_for_keys(typed: str, keys: list[str]) -> None:
    assert named(typed) == keys


def test_every_key_of_the_help_does_something() -> None:
    named_keys = {word.strip(",") for line in KEYS for word in line.split()} - {"-"}
    known = {"1", "5", *(key.capitalize() for key in CHANGES), *CHANGES, "Space"}
    assert named_keys <= known
