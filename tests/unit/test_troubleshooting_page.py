"""What docs/guide/troubleshooting.md quotes is what the code says."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "guide" / "troubleshooting.md"
OF_OTHERS = "sudo: "
"""What others than we say."""
QUOTED = [
    text
    for text in re.findall(r"^> (.+)$", PAGE.read_text("utf-8"), re.M)
    if not text.startswith(OF_OTHERS)
]
HOLE = "…"
SHORTEST = 4


def texts() -> Iterator[str]:
    for package in ("tracer", "analysis"):
        for path in (ROOT / package).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text("utf-8"))):
                yield from text_of(node)


def text_of(node: ast.AST) -> Iterator[str]:
    """What a literal says, with a hole for each value that is put in."""
    match node:
        case ast.Constant(value=str(text)):
            yield re.sub(r"\{\w[^}]*\}", HOLE, text)
        case ast.JoinedStr(values=parts):
            yield "".join(
                str(part.value) if isinstance(part, ast.Constant) else HOLE for part in parts
            )


SAID = "\n".join(texts())


@pytest.mark.parametrize("quoted", QUOTED)
def test_a_quoted_message_is_one(quoted: str) -> None:
    """Each part of it between what differs."""
    parts = [part.strip(" '()") for part in quoted.split(HOLE)]
    known = [part for part in parts if len(part) >= SHORTEST]
    assert known
    for part in known:
        assert part in SAID


def test_there_is_something_quoted() -> None:
    assert len(QUOTED) > 20
