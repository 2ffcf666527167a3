"""The arguments of one call, as strace prints them.

Anything can stand inside strings and inside the angle brackets of `-y`: commas, parentheses,
``) = 0``. So the text is looked at through a mask in which those are blank.
"""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass
from typing import Final

from aklo_trace.events import CWD, NO_STRING, NULL
from aklo_trace.schema import ImageFlag
from aklo_trace.strace.calls import CLONE_THREAD, Image
from aklo_trace.strace.descriptors import Descriptor, describe
from aklo_trace.strace.quoting import unescape

_INSIDE: Final = rb'(?:[^"\\]++|\\.)*+'
"""Of a string. It never gives back what it has matched: else a long one takes long."""
_STRING: Final = rb'"' + _INSIDE + rb'(?:"|(?P<endless>\\?\Z))'
"""One that has no end is passed over whole: else it would be tried again from every quote."""
_COMMENT: Final = rb"/\*.{,120}?\*/"
_INSIDE_BRACKETS: Final = rb"""
    /[^<>]*+ (?: <(?:char|block)\ [^<>]*> )?                         # a path
  | [A-Z][A-Za-z0-9-]*:\[ (?: "(?:[^"\\]++|\\.)*+" | [^"<>] | -> )* \] # a socket
  | [^/<>=\s][^<>]*+ (?: <[^<>]*> )?                                # pipe, anon_inode, comm
"""
DESCRIPTION: Final = rb"<(?:" + _INSIDE_BRACKETS + rb")>"
_OPAQUE: Final = re.compile(
    _STRING + rb"| (?<=[0-9D])" + DESCRIPTION + rb"|" + _COMMENT, re.VERBOSE
)
_BRACKETS: Final = re.compile(rb"[,()\[\]{}]")
_OPENING: Final = frozenset((b"(", b"[", b"{"))
_NAME: Final = rb"(?:[a-z_]\w*=)?"
_AFTER: Final = rb"(?:\(deleted\))? (?:\ \[[^\]]*\])? (?:\ ?/\*.*\*/)?"
_DESCRIPTOR: Final = re.compile(
    _NAME
    + rb"(?P<number>AT_FDCWD|-?\d{1,10}|0x[0-9a-f]{1,16})"
    + rb"(?:<(?P<text>"
    + _INSIDE_BRACKETS
    + rb")>)?"
    + _AFTER,
    re.VERBOSE,
)
_TEXT: Final = re.compile(
    _NAME + rb'"(?P<text>' + _INSIDE + rb')"(?P<cut>\.\.\.)?' + _AFTER, re.VERBOSE
)
_WORD: Final = re.compile(
    rb'(?: "(?P<word>'
    + _INSIDE
    + rb')"(?P<cut>\.\.\.)? | (?P<more>\.\.\.)(?:\ '
    + _COMMENT
    + rb""")? )
    (?: ,\ (?=["0.]) | (?=\]) )""",
    re.VERBOSE,
)
PAIR: Final = 2
_POINTER: Final = re.compile(_NAME + rb"0x[0-9a-f]+")
_NUMBER: Final = re.compile(_NAME + rb"(-?\d{1,18}|0x[0-9a-f]{1,15})")
_FLAGS: Final = re.compile(rb"(?:flags=|\A)(0x[0-9a-f]{1,16}|\d{1,20})")
_AT_FDCWD: Final = frozenset((b"AT_FDCWD", b"-100", b"0xffffff9c", b"0xffffffffffffff9c"))
_INT32: Final = 1 << 31


def integer(text: bytes) -> int:
    """A decimal number, or a hexadecimal one with its ``0x``."""
    return int(text, 16) if b"x" in text else int(text)


def mask(text: bytes) -> bytes:
    """`text` with everything inside strings, descriptions and comments blanked out, but not
    from a string on that has no end."""
    return _OPAQUE.sub(_blank, text)


def _blank(match: re.Match[bytes]) -> bytes:
    return match[0] if match["endless"] is not None else b"_" * (match.end() - match.start())


def split(text: bytes, masked: bytes) -> list[bytes]:
    """The arguments; `masked` is the mask of `text`."""
    cuts, depth = [-1], 0
    for match in _BRACKETS.finditer(masked):
        bracket = match[0]
        if bracket == b",":
            if depth == 0:
                cuts.append(match.start())
        else:
            depth = depth + 1 if bracket in _OPENING else max(depth - 1, 0)
    cuts.append(len(text))
    return [text[start + 1 : end].strip() for start, end in itertools.pairwise(cuts)]


@dataclass(frozen=True, slots=True)
class PathText:
    """A path argument. `readable` is false where strace printed only an address."""

    path: bytes | None
    cut: bool = False
    readable: bool = True


def path_text(argument: bytes) -> PathText:
    found = _TEXT.fullmatch(argument)
    if found:
        return PathText(unescape(found["text"]), cut=found["cut"] is not None)
    return PathText(None, readable=not _POINTER.fullmatch(argument))


def descriptor(argument: bytes) -> tuple[int, Descriptor | None]:
    """The number, `NULL` if there is none or it is negative, and what it stands for."""
    found = _DESCRIPTOR.fullmatch(argument)
    if not found or found["number"] in _AT_FDCWD:
        return NULL, None
    value = integer(found["number"])
    if not 0 <= value < _INT32:
        return NULL, None
    return value, None if found["text"] is None else describe(found["text"])


def pair(words: list[bytes]) -> list[tuple[int, Descriptor | None]]:
    """The descriptors of an argument such as ``[3, 4]``; none if no argument is like that."""
    for word in words:
        inside = word[1:-1]
        found = [descriptor(part) for part in split(inside, mask(inside))]
        if word[:1] == b"[" and len(found) == PAIR and all(fd != NULL for fd, _ in found):
            return found
    return []


def base(argument: bytes) -> bytes | int:
    """The directory that a path starts from, by its descriptor: a path, or a code of `events`."""
    found = _DESCRIPTOR.fullmatch(argument)
    if not found:
        return NO_STRING
    if found["text"] is not None:
        return describe(found["text"]).name or NO_STRING
    return CWD if found["number"] in _AT_FDCWD else NO_STRING


def number(argument: bytes) -> int:
    """A plain number, else `NULL`."""
    found = _NUMBER.fullmatch(argument)
    return integer(found[1]) if found else NULL


def makes_thread(text: bytes) -> bool:
    """Whether the arguments of clone or clone3 ask for a thread."""
    found = _FLAGS.search(text)
    named = b"CLONE_THREAD" in text
    return named or (found is not None and integer(found[1]) & CLONE_THREAD != 0)


def image(exe: bytes | None, argument: bytes) -> Image:
    """What an exec starts: `argument` is argv as printed, ``["sh", "-c", "true"]``."""
    found = read_argv(argument, 0)
    if found is None or found.end != len(argument):
        return Image(exe, None, int(ImageFlag.ARGV_UNREADABLE))
    return found.image(exe)


@dataclass(frozen=True, slots=True)
class Argv:
    """A printed list of words; `end` is the place after it."""

    words: tuple[bytes, ...]
    cut: bool
    end: int

    def image(self, exe: bytes | None) -> Image:
        return Image(exe, self.words, int(ImageFlag.ARGV_TRUNCATED) if self.cut else 0)


def read_argv(text: bytes, start: int) -> Argv | None:
    """The list that begins at `start`; None if there is none, or not all of it."""
    if text[start : start + 1] != b"[":
        return None
    words, cut, at = [], False, start + 1
    while found := _WORD.match(text, at):
        at = found.end()
        if found["word"] is not None:
            words.append(unescape(found["word"]))
        cut = cut or found["cut"] is not None or found["more"] is not None
    if text[at : at + 1] != b"]":
        return None
    return Argv(tuple(words), cut, at + 1)
