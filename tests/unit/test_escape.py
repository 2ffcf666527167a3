"""What is printed does a terminal no harm."""

from __future__ import annotations

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aklo_trace.escape import escape, escape_command, to_ascii


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        (b"plain text, ~/x", "plain text, ~/x"),
        ("žluťoučký 漢字".encode(), "žluťoučký 漢字"),
        (b"\x1b[31mred", "\\x1b[31mred"),
        (b"a\nb\rc\td", "a\\nb\\rc\\td"),
        (b"caf\xe9", "caf\\xe9"),
        ("\u202eevil".encode(), "\\u202eevil"),
        ("\U000e0001".encode(), "\\U000e0001"),
        (b"\x9b31m", "\\x9b31m"),
    ],
)
def test_names_are_shown_without_their_effect(raw: bytes, shown: str) -> None:
    assert escape(raw.decode("utf-8", "surrogateescape")) == shown


@given(st.binary())
def test_whatever_the_name_it_is_printable_and_stays_so(raw: bytes) -> None:
    shown = escape(os.fsdecode(raw))
    assert shown.isprintable()
    assert escape(shown) == shown


def test_a_command_is_quoted_and_escaped() -> None:
    assert escape_command(["echo", "a b", "\x1b"]) == "echo 'a b' '\\x1b'"


def test_in_ascii_a_name_is_shown_by_its_bytes() -> None:
    assert to_ascii("größe.sh") == "gr\\xc3\\xb6\\xc3\\x9fe.sh"
    assert to_ascii(escape("caf\udce9")) == "caf\\xe9"
