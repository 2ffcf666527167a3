"""What bash itself says of where it was: the files that marks were written into."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from aklo_trace.text import decode


@dataclass(frozen=True)
class Mark:
    """One mark. `place` is where it stands in the scripts, `path` the file that it opened; the
    others are bash's own variables, innermost function first."""

    path: str
    place: str
    line: int
    functions: tuple[str, ...]
    sources: tuple[str, ...]
    calls: tuple[int, ...]

    def __str__(self) -> str:
        return f"{self.place} (line {self.line} in {' < '.join(self.functions) or 'no function'})"

    @property
    def pid(self) -> int:
        return int(Path(self.path).name.split(".")[0])

    @property
    def own_line(self) -> int:
        """Of the script that it stands in."""
        return int(self.place.rpartition(":")[2])


def marks_in(folder: Path) -> dict[str, Mark]:
    """All marks that were reached, by the path they opened."""
    found = (_mark(path) for path in sorted(folder.iterdir()))
    return {mark.path: mark for mark in found}


def _mark(path: Path) -> Mark:
    fields = path.read_bytes().split(b"\0")[:-1]
    place, line, *rest = (decode(field)[0] for field in fields)
    functions, rest = _counted(rest)
    sources, rest = _counted(rest)
    calls, _ = _counted(rest)
    return Mark(
        os.fspath(path), place, int(line), functions, sources, tuple(int(call) for call in calls)
    )


def _counted(fields: list[str]) -> tuple[tuple[str, ...], list[str]]:
    count = int(fields[0])
    return tuple(fields[1 : 1 + count]), fields[1 + count :]
