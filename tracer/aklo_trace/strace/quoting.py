"""Strings as strace prints them: C escapes, octal of one to three digits, ``\\xNN``."""

from __future__ import annotations

import re
from typing import Final

_ESCAPE: Final = re.compile(rb"\\(?:x([0-9a-fA-F]{2})|([0-3]?[0-7]{1,2})|(.))", re.DOTALL)
_LETTERS: Final = {b"n": b"\n", b"t": b"\t", b"r": b"\r", b"v": b"\v", b"f": b"\f"}


def unescape(text: bytes) -> bytes:
    """The bytes that `text`, the inside of a printed string, stands for."""
    if b"\\" not in text:
        return text
    return _ESCAPE.sub(_replacement, text)


def _replacement(match: re.Match[bytes]) -> bytes:
    hexadecimal, octal, letter = match.groups()
    if hexadecimal:
        return bytes((int(hexadecimal, 16),))
    if octal:
        return bytes((int(octal, 8) & 0xFF,))
    return _LETTERS.get(letter, letter)
