"""docs/schema.md is what the code says."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import fields
from enum import IntFlag
from pathlib import Path

from aklo_trace import schema
from aklo_trace.meta import Meta

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "schema.md"
SCRIPT = ROOT / "scripts" / "schema_doc.py"


def test_the_page_is_current() -> None:
    done = subprocess.run([sys.executable, SCRIPT], check=True, capture_output=True, text=True)
    assert PAGE.read_text() == done.stdout, f"write it again: {SCRIPT} > {PAGE}"


def test_every_name_is_on_the_page() -> None:
    text = PAGE.read_text()
    columns = {column.name for table in schema.TABLES for column in table.columns}
    flags = {flag.name for kind in schema.FLAGS for flag in kind}
    for name in columns | flags | {item.name for item in fields(Meta)}:
        assert f"| `{name}` | " in text


def test_every_flag_is_one_bit_of_its_own() -> None:
    for kind in schema.FLAGS:
        assert [flag.value for flag in kind] == [1 << bit for bit in range(len(kind))]


def test_every_kind_of_flag_is_listed() -> None:
    kinds = {kind for kind in vars(schema).values() if is_flags(kind)}
    assert kinds == set(schema.FLAGS)


def is_flags(kind: object) -> bool:
    return isinstance(kind, type) and issubclass(kind, IntFlag) and kind is not IntFlag
