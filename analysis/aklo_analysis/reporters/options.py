"""How a report is to be written."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Options:
    """`width` is in columns of a terminal; None cuts nothing, for files and pipes. Without
    `utf8` all output is ASCII. `sections` of the text, keys of `aklo_trace.contents.SECTIONS`; none
    for all. `trace` is the name by which the report can be asked for again, as a shell takes it, if
    there is one."""

    width: int | None = 80
    color: bool = False
    utf8: bool = True
    sections: tuple[str, ...] = ()
    trace: str = ""
