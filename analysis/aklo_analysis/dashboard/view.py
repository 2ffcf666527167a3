"""What of the state is looked at, and how keys change that."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from aklo_analysis.dashboard.seen import DIMENSIONS

SORTS: Final = ("work", "now", "calls", "bytes", "failed", "waiting", "name")
TABS: Final = DIMENSIONS
KEYS: Final = {
    "1 - 5, Tab": "functions, lines, programs, files, calls",
    "s": "sort by work, now, calls, bytes, failed, waiting, name",
    "/": "only names that hold a text; Esc to end that",
    "Up, Down": "choose a row",
    "Enter": "look into it: its lines, files, calls ...; Esc to come back",
    "t": "time: all of it, or the last two minutes",
    "Space": "hold the picture still, and go on",
    "+, -, r": "of a replay: faster, slower, once more",
    "q": "leave; the recording goes on",
}
"""As the help says it."""
SPEEDS: Final = (0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 100.0, 1000.0)
"""Of replays."""


@dataclass(frozen=True)
class View:
    """`only`: the names that were looked into, by dimension. `row` is the chosen one. `typing`: a
    text to search for is being typed. `speed` is a place in `SPEEDS`."""

    tab: str = DIMENSIONS[0]
    sort: str = SORTS[0]
    only: Mapping[str, str] = field(default_factory=dict)
    text: str = ""
    typing: bool = False
    row: int = 0
    lately: bool = False
    paused: bool = False
    help: bool = False
    speed: int = SPEEDS.index(1.0)
    again: bool = False
    over: bool = False


Change = Callable[[View, list[str]], View]


def pressed(view: View, key: str, names: list[str]) -> View:
    """The view after a key; `names` are those of the rows that are shown."""
    if view.typing:
        return _typed(view, key)
    if view.help:
        return replace(view, help=False, over=key == "q")
    if key in "12345" and key:
        return replace(view, tab=TABS[int(key) - 1], row=0)
    change = CHANGES.get(key)
    return change(view, names) if change else view


def _typed(view: View, key: str) -> View:
    if key == "enter":
        return replace(view, typing=False)
    if key == "escape":
        return replace(view, typing=False, text="")
    if key == "backspace":
        return replace(view, text=view.text[:-1], row=0)
    return replace(view, text=view.text + key, row=0) if len(key) == 1 else view


def _next(view: View, _: list[str]) -> View:
    left = [tab for tab in TABS if tab not in view.only]
    place = left.index(view.tab) if view.tab in left else -1
    return replace(view, tab=left[(place + 1) % len(left)], row=0)


def _sorted(view: View, _: list[str]) -> View:
    return replace(view, sort=SORTS[(SORTS.index(view.sort) + 1) % len(SORTS)], row=0)


def _into(view: View, names: list[str]) -> View:
    left = [tab for tab in TABS if tab not in view.only and tab != view.tab]
    if view.row >= len(names) or not left:
        return view
    only = {**view.only, view.tab: names[view.row]}
    return replace(view, only=only, tab=left[0], text="", row=0)


def _back(view: View, _: list[str]) -> View:
    if view.text:
        return replace(view, text="", row=0)
    if not view.only:
        return view
    *kept, (tab, _name) = view.only.items()
    return replace(view, only=dict(kept), tab=tab, row=0)


def _moved(step: int) -> Change:
    def move(view: View, names: list[str]) -> View:
        return replace(view, row=max(min(view.row + step, len(names) - 1), 0))

    return move


def _faster(step: int) -> Change:
    def change(view: View, _: list[str]) -> View:
        return replace(view, speed=max(min(view.speed + step, len(SPEEDS) - 1), 0))

    return change


CHANGES: Final[dict[str, Change]] = {
    "tab": _next,
    "s": _sorted,
    "/": lambda view, _: replace(view, typing=True, text="", row=0),
    "enter": _into,
    "escape": _back,
    "backspace": _back,
    "left": _back,
    "right": _into,
    "up": _moved(-1),
    "k": _moved(-1),
    "down": _moved(1),
    "j": _moved(1),
    "page_up": _moved(-10),
    "page_down": _moved(10),
    "home": _moved(-1 << 30),
    "end": _moved(1 << 30),
    "t": lambda view, _: replace(view, lately=not view.lately),
    " ": lambda view, _: replace(view, paused=not view.paused),
    "+": _faster(1),
    "=": _faster(1),
    "-": _faster(-1),
    "r": lambda view, _: replace(view, again=True),
    "?": lambda view, _: replace(view, help=True),
    "h": lambda view, _: replace(view, help=True),
    "q": lambda view, _: replace(view, over=True),
}
"""By the names of `aklo_analysis.dashboard.keyboard`."""
