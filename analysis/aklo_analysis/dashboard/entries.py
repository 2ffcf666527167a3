"""Entries of caches that programs look for: whether they were there.

Told from each call by itself, as it happens. The report of the finished trace knows more: which
calls belong to one lookup, and what a hit or a miss takes.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from aklo_analysis.caches.cache import Cache
from aklo_analysis.dashboard.seen import DIMENSIONS, Seen
from aklo_trace import syscalls

MOST_ENTRIES: Final = 10_000
LOOKS: Final = frozenset(
    call.name for call in syscalls.table() if call.operation in ("open", "stat")
)
WRITES: Final = frozenset(
    call.name for call in syscalls.table() if call.operation in ("write", "copy")
)
FILE, CALL = DIMENSIONS.index("file"), DIMENSIONS.index("call")


@dataclass(slots=True)
class CacheState:
    """How often an entry was looked for, and was `there` or `absent`."""

    name: str
    there: int = 0
    absent: int = 0

    @property
    def ratio(self) -> float | None:
        looks = self.there + self.absent
        return self.there / looks if looks else None


class Entries:
    """`states` has the caches that keep files, in the order given."""

    def __init__(self, caches: Sequence[Cache]) -> None:
        self._caches = [cache for cache in caches if cache.files]
        self.states = [CacheState(cache.name) for cache in self._caches]
        self._owners: OrderedDict[str, int | None] = OrderedDict()
        self._missing: OrderedDict[str, bool] = OrderedDict()

    def add(self, seen: Seen) -> None:
        used = np.unique(seen.codes[FILE])
        owner = {code: self._owner(seen.names[code]) for code in used.tolist()}
        mine = [code for code, cache in owner.items() if cache is not None]
        for row in np.flatnonzero(np.isin(seen.codes[FILE], mine)).tolist():
            code = int(seen.codes[FILE, row])
            place = owner[code]
            assert place is not None
            self._step(self.states[place], seen, row, seen.names[code])
        while len(self._owners) > MOST_ENTRIES:
            self._owners.popitem(last=False)
        while len(self._missing) > MOST_ENTRIES:
            self._missing.popitem(last=False)

    def _owner(self, path: str) -> int | None:
        """The place of the cache that a path is an entry of, and no companion of one."""
        if path not in self._owners:
            found = (place for place, one in enumerate(self._caches) if one.entry(path))
            place = next(found, None)
            is_entry = place is not None and self._caches[place].entry(path) == (path, False)
            self._owners[path] = place if is_entry else None
        return self._owners[path]

    def _step(self, state: CacheState, seen: Seen, row: int, path: str) -> None:
        call = seen.names[int(seen.codes[CALL, row])]
        if call in LOOKS and seen.absent[row]:
            state.absent += 1
            self._missing[path] = True
        elif call in LOOKS and not seen.failed[row]:
            if not self._missing.pop(path, False):  # else it has just been made
                state.there += 1
        elif call in WRITES and seen.bytes[row] and path in self._missing:
            del self._missing[path]
