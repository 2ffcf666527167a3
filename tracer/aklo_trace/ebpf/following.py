"""A recording of the engines `ebpf` and `bcc`, read while it grows.

The recorder is not asked for anything: it writes its files at least ten times a second, and with
each mark says up to where they belong together. What is kept between two looks does not grow with
what was recorded.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

import numpy as np

from aklo_trace.ebpf import joined_events, layout
from aklo_trace.ebpf.reading import EbpfRecorded
from aklo_trace.ebpf.recorder import EVENTS_FILE, MARKS_FILE
from aklo_trace.ebpf.records import dtype_of, map_file
from aklo_trace.events import EventBatch, Int64, ProcessEnd

MARK: Final = np.dtype((np.int64, 2))
MOST_EVENTS: Final = 1 << 18
"""That are looked at together."""
_EVENT: Final = dtype_of(layout.EVENT)


class EbpfFollowed(EbpfRecorded):
    """What is in `live` so far. Raises FileNotFoundError before a recorder has begun."""

    def __init__(self, live: Path) -> None:
        super().__init__(live)
        self._files = {name: live / name for name in (EVENTS_FILE, MARKS_FILE)}
        self._taken = 0
        self._marks = 0
        self._joined = joined_events.of(live, self._start["offset_ns"])

    def more(self) -> EventBatch | None:
        """The next events; None if there are none yet."""
        ends = _marks(self._files[MARKS_FILE], self._marks)
        if not len(ends):
            return None
        limit = (self._taken + MOST_EVENTS) * layout.EVENT.size
        chosen = max(int(np.searchsorted(ends[:, 0], limit, "right")), 1)
        self._marks += chosen
        end, records_end = (int(place) for place in ends[chosen - 1])
        end //= layout.EVENT.size
        data = memoryview(map_file(self._files[EVENTS_FILE]))
        size = layout.EVENT.size
        piece = np.frombuffer(data[self._taken * size : end * size], _EVENT)
        self._stream.grow()
        batch = self._piece(piece, records_end, self._joined)
        self._joined, self._taken = [], end
        self._stream.texts.keep(self._waiting.codes)
        ended = (e.proc_id for e in batch.process_events if isinstance(e, ProcessEnd))
        self._known.difference_update(ended)
        return batch


def _marks(path: Path, first: int) -> Int64:
    """From that one on: how many bytes of events, and of records, belong together."""
    try:
        return np.fromfile(path, MARK, offset=first * MARK.itemsize)
    except FileNotFoundError:
        return np.empty((0, 2), np.int64)
