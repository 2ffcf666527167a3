"""Keys of a terminal, by name; see terminfo(5) and ECMA-48."""

from __future__ import annotations

import os
import select
import termios
import tty
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

SEQUENCES: Final = {
    "[A": "up",
    "[B": "down",
    "[C": "right",
    "[D": "left",
    "OA": "up",
    "OB": "down",
    "OC": "right",
    "OD": "left",
    "[H": "home",
    "[F": "end",
    "OH": "home",
    "OF": "end",
    "[1~": "home",
    "[4~": "end",
    "[5~": "page_up",
    "[6~": "page_down",
}
"""After an escape."""
CONTROLS: Final = {
    "\t": "tab",
    "\r": "enter",
    "\n": "enter",
    "\x7f": "backspace",
    "\b": "backspace",
}
ESCAPE: Final = "\x1b"


def named(text: str) -> list[str]:
    """The keys that a piece of input stands for; sequences of none are passed over."""
    found, place = [], 0
    while place < len(text):
        if text[place] == ESCAPE and text[place + 1 : place + 2] in ("[", "O"):
            end = place + 2
            while end < len(text) and not (text[end].isalpha() or text[end] == "~"):
                end += 1
            key = SEQUENCES.get(text[place + 1 : end + 1])
            found += [key] if key else []
            place = end + 1
            continue
        one = text[place]
        key = "escape" if one == ESCAPE else CONTROLS.get(one, one if one.isprintable() else "")
        found += [key] if key else []
        place += 1
    return found


@contextmanager
def raw(fd: int) -> Iterator[None]:
    """Within, keys come as they are typed, unseen; Ctrl-C and Ctrl-Z stay what they are."""
    before = termios.tcgetattr(fd)
    try:
        tty.setcbreak(fd)
        yield
    finally:
        termios.tcsetattr(fd, termios.TCSADRAIN, before)


def typed(fd: int, patience_s: float) -> list[str] | None:
    """What is typed within that time; None once nobody can type any more."""
    ready, _, _ = select.select([fd], [], [], patience_s)
    if not ready:
        return []
    text = os.read(fd, 1024)
    return named(text.decode("utf-8", "ignore")) if text else None
