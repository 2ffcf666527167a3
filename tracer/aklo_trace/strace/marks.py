"""Where the characters that structure a line stand, in one piece of a log."""

from __future__ import annotations

from functools import cached_property

from aklo_trace.strace.bytewise import Buffer, Places

_SPACE = ord(" ")


class Marks:
    """The places of each character in a buffer, found when first asked for."""

    def __init__(self, buffer: Buffer) -> None:
        self._buffer = buffer

    @cached_property
    def less(self) -> Places:
        return Places(self._buffer.find("<"))

    @cached_property
    def greater(self) -> Places:
        return Places(self._buffer.find(">"))

    @cached_property
    def opening(self) -> Places:
        return Places(self._buffer.find("("))

    @cached_property
    def closing(self) -> Places:
        return Places(self._buffer.find(")"))

    @cached_property
    def quote(self) -> Places:
        return Places(self._buffer.find('"'))

    @cached_property
    def comma(self) -> Places:
        return Places(self._buffer.find(","))

    @cached_property
    def equals(self) -> Places:
        """Of ``=`` between two spaces."""
        found = self._buffer.find("=")
        around = self._buffer.bytes
        found = found[(found > 0) & (around[found + 1] == _SPACE)]
        return Places(found[around[found - 1] == _SPACE])
