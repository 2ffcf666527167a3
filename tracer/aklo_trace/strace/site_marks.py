"""Finds in a piece of a log what bash said there, asked by `xtrace`.

A mark stands in the text of a write(2): ``@TOKEN 12:0,4 ,0;|f |main;|a.sh |a.sh;;echo 1``, that is
$LINENO, BASH_SUBSHELL, BASH_LINENO, FUNCNAME, BASH_SOURCE, and the command; there are as many
``@`` as evals, substitutions, traps and sourced files it is within. ``@TOKEN>5.2.15;;`` says that
a shell has read our file, and after the ``;`` why it will say no more.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import numpy as np

from aklo_trace.events import Frame, Site
from aklo_trace.schema import SiteFlag
from aklo_trace.strace.bytewise import Positions
from aklo_trace.strace.calls import codes
from aklo_trace.strace.columns import CallColumns, Texts
from aklo_trace.strace.leaders import Lines
from aklo_trace.strace.quoting import unescape
from aklo_trace.strace.xtrace import token_of

MAIN: Final = b"main"
SOURCE: Final = b"source"
_WRITE: Final = codes("write")
_OPENS: Final = codes("openat", "open")
_PLACE: Final = (
    rb"(?P<depth>@+)%s (?P<place>(?P<line>\d{1,9}):(?P<subshells>\d{1,9})"
    rb"(?P<lines>(?:,\d{1,9} ?)*)"
    rb"(?:;(?P<functions>[^;\n]*)(?:;(?P<sources>[^;\n]*)(?P<deep>;\+)?)?)?)"
    rb"(?:;;(?=(?P<command>[^\n]{,60})))?"
)
_READY: Final = rb"@%s>(?P<version>[^;\n]*);(?P<refusal>[^;\n]*);"
_LEAVES: Final = re.compile(
    rb"(?:builtin |command )?set [-+](?:[a-zA-Z]*x|o xtrace)|(?:[a-z]+ )?(?:PS4|BASH_XTRACEFD)="
    rb"|(?:builtin |command )?unset .*\bFUNCNAME\b"
)
"""Commands after which a shell's xtrace is its script's own, or says no functions."""
LEFT: Final = "its script used xtrace itself, or unset FUNCNAME"


@dataclass(frozen=True, slots=True)
class Shell:
    """A bash has read our file; `refusal` is why it will not say where it is, else empty."""

    version: str
    refusal: str


@dataclass(frozen=True, slots=True)
class Place:
    """Where a shell is from now on, None if it did not say. `leaves`: it will not say more."""

    site: Site | None
    leaves: bool = False


@dataclass(frozen=True, slots=True)
class Reads:
    """A shell begins to read our file: what it does until it is ready is not the target's."""


Mark = Shell | Place | Reads


@dataclass
class SiteMarks:
    """The marks of a piece by line, and the rows of the calls that said them."""

    by_line: dict[int, Mark] = field(default_factory=dict)
    rows: Positions = field(default_factory=lambda: np.zeros(0, np.int64))


def find(data: bytes, lines: Lines, calls: CallColumns, texts: Texts, path: Path) -> SiteMarks:
    """The marks that shells made who read the file `path`."""
    token = re.escape(token_of(path)).encode()
    pattern = re.compile(rb"%s|%s" % (_PLACE % token, _READY % token))
    found = list(pattern.finditer(data))
    starts = np.array([match.start() for match in found], np.int64)
    places = np.searchsorted(lines.start, starts, side="right") - 1
    last = dict(zip(places.tolist(), found, strict=True))
    rows = np.searchsorted(calls.line, list(last))
    rows = rows[rows < len(calls)]
    rows = rows[np.isin(calls.line[rows], list(last)) & np.isin(calls.syscall[rows], list(_WRITE))]
    reader = _Reader(path)
    by_line: dict[int, Mark] = {line: reader.read(last[line]) for line in calls.line[rows].tolist()}
    own = texts.strings.get(bytes(path))
    if own is not None:
        opened = (calls.path == own) & np.isin(calls.syscall, list(_OPENS)) & (calls.ret >= 0)
        by_line.update(dict.fromkeys(calls.line[opened].tolist(), Reads()))
    return SiteMarks(by_line, rows)


class _Reader:
    """Reads each distinct mark once."""

    def __init__(self, path: Path) -> None:
        self._own = bytes(path)
        self._sites: dict[tuple[int, bytes], Site | None] = {}

    def read(self, match: re.Match[bytes]) -> Mark:
        if match["depth"] is None:
            return Shell(match["version"].decode("ascii", "replace"), match["refusal"].decode())
        if _LEAVES.match(match["command"] or b""):
            return Place(None, leaves=True)
        depth = len(match["depth"])
        key = (depth, match["place"])
        if key not in self._sites:
            self._sites[key] = self._site(depth, match)
        return Place(self._sites[key])

    def _site(self, depth: int, match: re.Match[bytes]) -> Site | None:
        """Where a mark was made; None within our file."""
        cut = match["command"] is None
        called_from = [int(line) for line in match["lines"].replace(b",", b"").split()]
        sources, functions = _names(match["sources"], cut), _names(match["functions"])
        if not functions:  # bash does not tell them outside of functions
            functions = [SOURCE] * (len(called_from) - 1) + [MAIN]
        flags = SiteFlag.STACK_TRUNCATED if cut or match["deep"] else SiteFlag(0)
        if depth > 1 + functions.count(SOURCE) + int(match["subshells"]):
            flags |= SiteFlag.LINE_RELATIVE
        if sources[:1] == [self._own]:
            return None
        frames = tuple(
            Frame(*frame)
            for frame in zip(functions, sources, called_from, strict=False)
            if frame[1] != self._own
        )
        return Site(frames, int(match["line"]), int(flags))


def _names(text: bytes | None, cut: bool = False) -> list[bytes]:
    """The names in ``|f |g``; the last one is not whole if the text was `cut`."""
    names = [unescape(name) for name in text.removeprefix(b"|").split(b" |")] if text else []
    return names[:-1] if cut else names
