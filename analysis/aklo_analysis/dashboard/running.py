"""The dashboard in a terminal: what comes in is added up, and drawn four times a second."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Final, Protocol, TextIO

from rich.console import Console

from aklo_analysis.dashboard.keyboard import raw, typed
from aklo_analysis.dashboard.screen import Look, rows, screen
from aklo_analysis.dashboard.state import State
from aklo_analysis.dashboard.view import SPEEDS, View, pressed

PAUSE_S: Final = 0.25
ENTER, LEAVE = "\x1b[?1049h\x1b[?25l", "\x1b[?25h\x1b[?1049l"
"""The other screen without a cursor, and back."""
BEGIN, END = "\x1b[?2026h\x1b[H", "\x1b[J\x1b[?2026l"
"""A picture that is shown as a whole by terminals that can, and is drawn over the last one."""


class Feed(Protocol):
    """Where what is shown comes from."""

    def advance(self, state: State, speed: float, passed_s: float) -> None:
        """Add to the state what happened meanwhile."""

    def again(self) -> State | None:
        """The state to begin once more with; None if that cannot be."""


def run(state: State, feed: Feed, stream: TextIO, keys: int, look: Look, color: bool) -> None:
    """Until q is typed, or nobody can type any more. The size of `look` is that of the terminal, if
    it has one."""
    view, drawn_s = View(), time.monotonic()
    console = Console(
        file=stream,
        force_terminal=True,
        no_color=not color,
        color_system="standard" if color else None,
        width=look.width,
        height=look.height,
    )
    with _picture(stream), raw(keys):
        while not view.over:
            now_s = time.monotonic()
            if not view.paused:
                feed.advance(state, SPEEDS[view.speed], now_s - drawn_s)
            drawn_s = now_s
            if view.again:
                state, view = feed.again() or state, replace(view, again=False)
            look = _fitted(look, stream)
            _draw(console, state, view, look)
            came = typed(keys, PAUSE_S)
            if came is None:
                return
            for key in came:
                view = pressed(view, key, [row.name for row in rows(state, view)])


def _draw(console: Console, state: State, view: View, look: Look) -> None:
    console.width, console.height = look.width, look.height
    with console.capture() as captured:
        for line in screen(state, view, look):
            console.print(line, end="\n", no_wrap=True, overflow="crop", highlight=False)
    text = captured.get().rstrip("\n").replace("\n", "\x1b[K\r\n")
    console.file.write(BEGIN + text + "\x1b[K" + END)
    console.file.flush()


def _fitted(look: Look, stream: TextIO) -> Look:
    try:
        width, height = os.get_terminal_size(stream.fileno())
    except (OSError, ValueError):
        return look
    return replace(look, width=width, height=height) if width and height else look


@contextmanager
def _picture(stream: TextIO) -> Iterator[None]:
    stream.write(ENTER)
    try:
        yield
    finally:
        stream.write(LEAVE)
        stream.flush()
