"""A watch, read while it records: all its trees together, one segment after the other.

Segments go as soon as they are sorted, so the files of each are opened when it is met, and read to
their end by what is open. One that came and went between two looks is counted in `missed`.
"""

from __future__ import annotations

import json
import os
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Final

from aklo_trace.ebpf.following import EbpfFollowed
from aklo_trace.ebpf.recorder import EVENTS_FILE, MARKS_FILE, RECORDS_FILE
from aklo_trace.ebpf.session import START_FILE, start_facts
from aklo_trace.ebpf.shells import SHELLS_FILE
from aklo_trace.ebpf.watch_spool import PREFIX, SEGMENTS
from aklo_trace.engine import SAMPLE_HZ, Account
from aklo_trace.errors import TraceError
from aklo_trace.events import EventBatch

FILES: Final = (EVENTS_FILE, RECORDS_FILE, MARKS_FILE)


class WatchFollowed(EbpfFollowed):
    """`folder` is that of a watch, and `scratch` one of our own. Raises TraceError if nothing is
    being recorded there."""

    def __init__(self, folder: Path, scratch: Path) -> None:
        self._segments = folder / SEGMENTS
        facts = start_facts(SAMPLE_HZ, True)
        (scratch / START_FILE).write_text(json.dumps(facts))
        (scratch / SHELLS_FILE).symlink_to(folder / SHELLS_FILE)
        super().__init__(scratch)
        self._open: dict[str, int] = {}
        self._number = -1
        self.missed = 0
        if not self._go_on():
            raise TraceError(f"No watch records into {folder} any more.")

    def more(self) -> EventBatch | None:
        while (found := super().more()) is None:
            if not self._go_on():
                return None
        return found

    def account(self) -> Account:
        lost = {"segments_missed": self.missed} if self.missed else {}
        return Account(0, 0, lost, {}, {})

    def _go_on(self) -> bool:
        """To the next segment; False if there is none yet."""
        numbers = sorted(_numbers(self._segments))
        for number in (one for one in numbers if one > self._number):
            with suppress(FileNotFoundError):  # it has just gone
                self._begin(self._segments / f"{number:08d}")
                if self._number >= 0:
                    self.missed += number - self._number - 1
                self._number = number
                return True
        return False

    def _begin(self, segment: Path) -> None:
        """Raises FileNotFoundError; then what was open still is."""
        before = self._open
        self._open = _opened(segment)
        self._files = {name: Path(f"/proc/self/fd/{fd}") for name, fd in self._open.items()}
        self._taken = self._marks = 0
        self._stream.go_on_in(self._files[RECORDS_FILE])
        for descriptor in before.values():
            os.close(descriptor)


def _opened(segment: Path) -> dict[str, int]:
    """Descriptors of all of its files, by name, or of none. Raises FileNotFoundError."""
    found: dict[str, int] = {}
    with ExitStack() as stack:
        for name in FILES:
            found[name] = os.open(segment / name, os.O_RDONLY | os.O_CLOEXEC)
            stack.callback(os.close, found[name])
        stack.pop_all()
    return found


def newest(parent: Path) -> Path:
    """The folder of the watch that began last. Raises TraceError."""
    try:
        found = sorted(parent.glob(f"{PREFIX}*"), key=lambda path: path.stat().st_mtime_ns)
    except OSError:
        found = []
    if not found:
        raise TraceError(
            f"No watch records below {parent}. Start one with 'aklo-trace watch', or say where it "
            "records, with --spool; root sees that of root alone, with sudo."
        )
    return found[-1]


def _numbers(segments: Path) -> list[int]:
    try:
        names = os.listdir(segments)  # noqa: PTH208
    except OSError:
        return []
    return [int(name) for name in names if name.isdecimal()]
