"""The grammar of `.aklo.conf`, and what of it is meant for us.

Lines `KEY=value`, first free ones and then those of each `[section]`; comments begin with ``#`` at
the start of a line or after a blank; a value may stand in quotes of either kind, which end it.
Nothing is expanded. The last assignment of a key counts. What is aklo's alone, free keys and whole
sections, is passed over.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

from aklo_trace.config.entry import Entry, Origin, Problem
from aklo_trace.config.model import Model

FREE: Final = ""
"""The section of the lines before the first one."""
OF_MONITORING: Final = "io_"
"""How free keys begin that are about monitoring."""
SHARED: Final = ("monitoring", "cache")
"""Sections that are aklo's as well: free keys of its own may have come to stand in them."""

SECTION: Final = re.compile(r"\[([^\]]*)\]\s*(?:#.*)?")
_ASSIGNMENT: Final = re.compile(r"([A-Za-z_][\w.-]*)\s*=\s*(.*)", re.ASCII)
COMMENT: Final = re.compile(r"(?:^|\s+)#.*$")


@dataclass(frozen=True, slots=True)
class Line:
    """A line that is neither empty nor a comment. `value` is None if it is no assignment, or if
    a quote is not closed: then `what` says so."""

    number: int
    section: str
    key: str
    value: str | None
    what: str = ""


def lines(text: str) -> Iterator[Line]:
    """The lines that say something."""
    section = FREE
    for number, line in enumerate(text.split("\n"), start=1):
        line = line.strip()
        if not line or line.startswith("#"):
            continue
        if found := SECTION.fullmatch(line):
            section = found[1].strip()
        elif found := _ASSIGNMENT.fullmatch(line):
            yield _assigned(Line(number, section, found[1], None), found[2])
        else:
            yield Line(number, section, line.split()[0], None, "is no 'key = value'")


def _assigned(line: Line, right: str) -> Line:
    quote = right[:1]
    if quote not in {'"', "'"}:
        return replace(line, value=COMMENT.sub("", right).rstrip())
    value, closed, _ = right[1:].partition(quote)
    if not closed:
        return replace(line, what=f"has a {quote} that is not closed")
    return replace(line, value=value)


def read(text: str, origin: Origin, model: Model) -> tuple[list[Entry], list[Problem]]:
    """What is meant for us; `origin` has the file."""
    entries: dict[str, Entry] = {}
    problems: list[Problem] = []
    for line in lines(text):
        name = name_of(line, model)
        if name is None:
            continue
        here = replace(origin, line=line.number)
        if line.value is None:
            problems.append(Problem(here, line.key, line.what))
            continue
        if name in entries:
            what = f"is set here and, with no effect, in line {entries[name].origin.line}"
            problems.append(Problem(here, line.key, what))
        entries[name] = Entry(name, line.value, here, line.key)
    return list(entries.values()), problems


def name_of(line: Line, model: Model) -> str | None:
    """The name of the key, known or not; None if the line is aklo's."""
    section, key = line.section.casefold(), line.key.casefold()
    if section in {FREE, "monitoring"} and (known := model.of_aklo(line.key)):
        return known.name
    if section == FREE:
        return key if key.startswith(OF_MONITORING) else None
    if not model.of_table(section):
        return None
    name = f"{section}.{key}"
    is_free = line.key.isupper() and not key.startswith(OF_MONITORING)
    if section in SHARED and is_free and not model.find(name):
        return None
    return name
