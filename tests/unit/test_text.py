"""Text of the traced program, made storable."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from aklo_trace.text import decode


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_utf8_stays_as_it_is(text: str) -> None:
    assert decode(text.encode()) == (text, False)


@given(st.binary())
def test_other_bytes_are_escaped_and_flagged(raw: bytes) -> None:
    text, odd = decode(raw)
    text.encode()  # it can be stored
    assert odd == (raw.decode("utf-8", "replace").encode() != raw)


@given(st.binary(min_size=1).filter(lambda raw: b"\\" not in raw))
def test_escapes_can_be_undone(raw: bytes) -> None:
    text, _ = decode(raw)
    unescaped = re.sub(
        rb"\\x([0-9a-f]{2})", lambda match: bytes.fromhex(match[1].decode()), text.encode()
    )
    assert unescaped == raw


def test_surrogates_are_not_utf8() -> None:
    assert decode(b"\xed\xa0\x80") == (r"\xed\xa0\x80", True)
