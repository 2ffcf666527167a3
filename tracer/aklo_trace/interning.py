"""Byte strings, each kept once and known by a number."""

from __future__ import annotations

from array import array
from typing import Final

SMALLEST: Final = 1 << 10
NOT_THERE: Final = -1
_HASH_BITS: Final = 0xFFFFFFFF


class Interned:
    """Distinct texts by code: 0, 1, 2 and so on, in the order in which they came.

    Made for millions of them: each takes 20 to 25 bytes and its own, where a dict takes ten times
    that. Codes are looked up in a table of open addresses, half of which is free at least.
    """

    def __init__(self) -> None:
        self._texts = bytearray()
        self._ends = array("Q", [0])
        self._hashes = array("I")
        self._slots = array("i", [NOT_THERE]) * SMALLEST

    def __len__(self) -> int:
        return len(self._hashes)

    def code(self, text: bytes) -> int:
        """That of a text, which gets one if it has none."""
        hashed = hash(text) & _HASH_BITS
        place, code = self._find(text, hashed)
        if code != NOT_THERE:
            return code
        code = self._slots[place] = len(self)
        self._texts += text
        self._ends.append(len(self._texts))
        self._hashes.append(hashed)
        if 2 * len(self) > len(self._slots):
            self._grow()
        return code

    def known(self, text: bytes) -> int:
        """The code of a text, `NOT_THERE` if it has none."""
        return self._find(text, hash(text) & _HASH_BITS)[1]

    def text(self, code: int) -> bytes:
        return bytes(self._texts[self._ends[code] : self._ends[code + 1]])

    def _find(self, text: bytes, hashed: int) -> tuple[int, int]:
        """Where its code stands or belongs, and the code."""
        slots, hashes = self._slots, self._hashes
        last = len(slots) - 1
        place = hashed & last
        while (code := slots[place]) != NOT_THERE:
            if hashes[code] == hashed and self.text(code) == text:
                break
            place = place + 1 & last
        return place, code

    def _grow(self) -> None:
        self._slots = slots = array("i", [NOT_THERE]) * (2 * len(self._slots))
        last = len(slots) - 1
        for code, hashed in enumerate(self._hashes):
            place = hashed & last
            while slots[place] != NOT_THERE:
                place = place + 1 & last
            slots[place] = code
