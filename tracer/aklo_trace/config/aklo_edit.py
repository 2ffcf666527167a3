"""Changes to `.aklo.conf`, which leave every other byte of it as it is."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from aklo_trace.config import aklo_file
from aklo_trace.config.aklo_file import Line
from aklo_trace.config.model import Key, Model

_ASSIGNED: Final = re.compile(r"(\s*[A-Za-z_][\w.-]*\s*=\s*)(.*?)(\r?)", re.ASCII | re.DOTALL)
_QUOTES: Final = ('"', "'")


def with_value(text: str, name: str, key: Key, given: str, model: Model) -> str:
    """The text in which `name`, that of `key`, is what is given: where it is assigned last, else in
    its section, else in a new one at the end. Raises ValueError for a value that cannot stand
    there."""
    lines = text.split("\n")
    right = _written(given)
    if found := [*_assignments(text, name, model)]:
        at = found[-1].number - 1
        lines[at] = _replaced(lines[at], right)
        return "\n".join(lines)
    section = name.rpartition(".")[0]
    assignment = f"{key.aklo or name.rpartition('.')[2]}={right}"
    if (end := _end_of(text, section)) is not None:
        lines.insert(end, assignment)
        return "\n".join(lines)
    before = text if not text or text.endswith("\n") else text + "\n"
    gap = "\n" if before else ""
    return f"{before}{gap}[{section}]\n{assignment}\n"


def without(text: str, name: str, model: Model) -> str:
    """The text in which no line assigns `name`."""
    lines = text.split("\n")
    for line in reversed([*_assignments(text, name, model)]):
        del lines[line.number - 1]
    return "\n".join(lines)


def _assignments(text: str, name: str, model: Model) -> Iterator[Line]:
    for line in aklo_file.lines(text):
        meant = aklo_file.name_of(line, model)
        found = model.find(meant) if meant else None
        if found and found[0] == name:
            yield line


def _replaced(line: str, right: str) -> str:
    """The line with another value; what stands before and behind that stays."""
    found = _ASSIGNED.fullmatch(line)
    assert found, line
    left, old, end = found.groups()
    return left + right + _behind(old) + end


def _behind(right: str) -> str:
    """The comment of an assignment, and the blanks before it."""
    quote = right[:1]
    if quote in _QUOTES:
        closed = right.find(quote, 1)
        right = right[closed + 1 :] if closed > 0 else ""
    found = aklo_file.COMMENT.search(right)
    comment = found[0] if found else ""
    return f" {comment}" if comment.startswith("#") else comment


def _end_of(text: str, section: str) -> int | None:
    """The place behind the last line that says something in a section; None if there is none."""
    inside, end = False, None
    for number, line in enumerate(text.split("\n"), start=1):
        plain = line.strip()
        if found := aklo_file.SECTION.fullmatch(plain):
            inside = found[1].strip().casefold() == section.casefold()
        if inside and plain and (found or not plain.startswith("#")):
            end = number
    return end


def _written(text: str) -> str:
    """What can stand on the right; in quotes only if it has to."""
    if "\n" in text or "\r" in text:
        raise ValueError("a line of it cannot hold a value of several lines")
    is_plain = text == text.strip() and text[:1] not in ("", "#", *_QUOTES)
    if is_plain and not aklo_file.COMMENT.search(text):
        return text
    for quote in _QUOTES:
        if quote not in text:
            return f"{quote}{text}{quote}"
    raise ValueError("it has no way to write quotes of both kinds in one value")
