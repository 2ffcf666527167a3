"""The function stacks that the kernel side has read, by the number it gave them."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from aklo_trace.ebpf import layout
from aklo_trace.events import NO_SITE, Frame, FunctionCall, Int32, Site
from aklo_trace.naming import distinct
from aklo_trace.schema import SiteFlag

STACK_FLAGS = (
    (layout.STACK_TRUNCATED, SiteFlag.STACK_TRUNCATED),
    (layout.STACK_NAME_TRUNCATED, SiteFlag.NAME_TRUNCATED),
)
NO_STACK = 0
MOST_LINES = 2**31 - 1
"""What is beyond is not of a file: bash counts lines in an int."""
_LINE_BITS = 32


class Stacks:
    """Stacks and the places they make together with a line."""

    def __init__(self) -> None:
        self._stacks: dict[int, tuple[tuple[Frame, ...], int]] = {NO_STACK: ((), 0)}

    def add(self, record: dict[str, int], text: bytes) -> None:
        """A struct stack_record and its text."""
        words = text.split(b"\0")[: 3 * record["frames"]]
        frames = tuple(
            Frame(function, source, _number(line))
            for function, source, line in zip(*(words[i::3] for i in range(3)), strict=True)
        )
        flags = sum(flag for bit, flag in STACK_FLAGS if record["flags"] & bit)
        self._stacks[record["stack"]] = frames, flags

    def site(self, stack: int, line: int, event_flags: int) -> Site | None:
        """The place of one event; None where there was none or its stack was lost."""
        if (not stack and not line) or stack not in self._stacks:
            return None
        frames, flags = self._stacks[stack]
        if event_flags & layout.EVENT_LINE_RELATIVE:
            flags |= SiteFlag.LINE_RELATIVE
        return Site(frames, line if 0 < line <= MOST_LINES else None, int(flags))

    def call(self, stack: int, is_relative: int) -> FunctionCall:
        """The function that a stack has just been entered by, and where it was called."""
        frames, flags = self._stacks.get(stack, ((), 0))
        if not frames:
            return FunctionCall()
        if is_relative:
            flags |= SiteFlag.LINE_RELATIVE
        site = Site(frames[1:], frames[0].called_from or None, int(flags))
        return FunctionCall(frames[0].function, frames[0].source, site)

    def sites(self, events: npt.NDArray[np.void]) -> tuple[Int32, list[Site]]:
        """The place of each event, as codes in a list."""
        codes = np.full(len(events), NO_SITE, np.int32)
        rows = np.flatnonzero((events["stack"] | events["line"]) != 0)
        found = events[rows]
        relative = found["flags"] & layout.EVENT_LINE_RELATIVE != 0
        keys = (found["stack"].astype(np.int64) << _LINE_BITS) | found["line"]
        values, places, _ = distinct(keys * 2 + relative)
        sites: list[Site] = []
        of_value = np.full(len(values), NO_SITE, np.int32)
        for index, value in enumerate(values.tolist()):
            key, is_relative = divmod(value, 2)
            stack, line = divmod(key, 1 << _LINE_BITS)
            site = self.site(stack, line, layout.EVENT_LINE_RELATIVE * is_relative)
            if site is not None:
                of_value[index] = len(sites)
                sites.append(site)
        codes[rows] = of_value[places]
        return codes, sites


def _number(text: bytes) -> int:
    number = int(text) if text.isdigit() else 0
    return number if number <= MOST_LINES else 0
