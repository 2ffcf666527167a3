"""What an export is given, and what one is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, TextIO

from aklo_analysis.frames import Source

if TYPE_CHECKING:
    from aklo_analysis.report import Report


@dataclass(frozen=True)
class Subject:
    """A trace, and its report, which is made when a format asks for it."""

    trace: Source
    make: Callable[[], Report]

    @cached_property
    def report(self) -> Report:
        return self.make()


@dataclass(frozen=True, slots=True)
class Choice:
    """Of what there is in a format: `weight` is a key of `aklo_analysis.flame.WEIGHTS`; `table` the
    name of one of `aklo_trace.schema.TABLES`, None for calls with all their names; `root` the
    directory that paths of scripts are relative to, None for that the command was started in."""

    weight: str = "wall"
    table: str | None = None
    root: str | None = None


@dataclass(frozen=True)
class Export:
    """`write` may raise `aklo_trace.errors.TraceError` if the trace lacks what the format needs."""

    name: str
    write: Callable[[Subject, TextIO, Choice], None]
