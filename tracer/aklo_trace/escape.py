"""Text from the traced program, made harmless for a terminal.

Names, paths and arguments can hold anything: escape sequences that recolour or rewrite the
screen, newlines that forge lines of a report, marks that reverse the direction of writing. What
is not printable is shown as an escape, and nothing else is changed. Bytes that were not UTF-8
stand as `\\xNN` in the tables already, and as lone surrogates in the names that Python gives us.
"""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from typing import Final

SHORT: Final = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}


def escape(text: str) -> str:
    """The text with `\\n`, `\\r`, `\\t`, `\\xNN`, `\\uNNNN` or `\\UNNNNNNNN` for every character
    that Unicode does not call printable: controls, formats (direction marks and joiners among
    them), separators but the space, surrogates and what is not assigned."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else _escaped(c) for c in text)


def escape_command(argv: Sequence[str]) -> str:
    """Arguments as one would type them, quoted where a shell needs it, and escaped."""
    return escape(shlex.join(argv))


def to_ascii(text: str) -> str:
    """The text with `\\xNN` for each byte, in UTF-8, of characters beyond ASCII: so a shell that is
    given `$'...'` finds the name again."""
    raw = text.encode("utf-8", "backslashreplace")
    return "".join(chr(byte) if byte < 0x80 else f"\\x{byte:02x}" for byte in raw)


def _escaped(character: str) -> str:
    number = ord(character)
    if character in SHORT:
        return SHORT[character]
    if 0xDC80 <= number <= 0xDCFF:  # of a byte, see PEP 383
        number -= 0xDC00
    if number < 0x100:
        return f"\\x{number:02x}"
    return f"\\u{number:04x}" if number < 0x10000 else f"\\U{number:08x}"
