"""Names of shell code, those of scripts without the directory that most of them are in."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Protocol

from aklo_analysis.source import AT_END
from aklo_trace.escape import escape

SHORTEST = 2
"""Names below a directory; what is nearer to the root is no project."""


class PlacedLine(Protocol):
    """A line of shell code: see `aklo_analysis.tables.lines.LineRow`."""

    @property
    def file(self) -> str | None: ...

    @property
    def number(self) -> int | None: ...

    @property
    def relative(self) -> bool: ...

    @property
    def no_source(self) -> str | None: ...


class Scripts:
    """`root`: the directory without which most is saved, with a slash at its end; maybe none."""

    def __init__(self, files: Iterable[str]) -> None:
        found = Counter(directory for file in files for directory in _ancestors(file))
        saved = {directory: count * len(directory) for directory, count in found.items()}
        self.root = max(saved, key=lambda directory: saved[directory], default="")

    def short(self, file: str) -> str:
        return file.removeprefix(self.root)


def _ancestors(file: str) -> list[str]:
    """The directories that an absolute path is in, with a slash at the end."""
    names = file.split("/")[:-1] if file.startswith("/") else []
    return ["/".join(names[:end]) + "/" for end in range(SHORTEST + 1, len(names) + 1)]


def function_name(function: str | None) -> str:
    if function is None:
        return "(script)"
    return "(sourced)" if function == "source" else escape(function)


def file_name(file: str | None, scripts: Scripts) -> str:
    return "(code of a string)" if file is None else escape(scripts.short(file))


def line_name(row: PlacedLine, scripts: Scripts) -> str:
    """`config.sh:21`; of a line that is not its own in the file, `config.sh:~3`; behind the last
    line, `config.sh:22 (the end of the script)`."""
    mark, number = "~" if row.relative else "", "?" if row.number is None else row.number
    end = f" ({AT_END})" if row.no_source == AT_END else ""
    return f"{file_name(row.file, scripts)}:{mark}{number}{end}"
