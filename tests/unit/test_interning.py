"""Texts and their codes, in little memory."""

from __future__ import annotations

import sys

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from aklo_trace.ebpf.records import PathTexts
from aklo_trace.files import FileTable
from aklo_trace.interning import NOT_THERE, SMALLEST, Interned


@settings(deadline=None)
@given(st.lists(st.binary(max_size=3), max_size=60))
def test_codes_are_given_in_order_and_once(texts: list[bytes]) -> None:
    interned = Interned()
    codes = [interned.code(text) for text in texts]
    distinct = list(dict.fromkeys(texts))
    assert codes == [distinct.index(text) for text in texts]
    assert [interned.text(code) for code in range(len(interned))] == distinct
    assert interned.known(b"none has four") == NOT_THERE
    assert [interned.known(text) for text in texts] == codes


def test_codes_stay_when_there_are_many() -> None:
    interned = Interned()
    texts = [b"/%d" % number for number in range(3 * SMALLEST)]
    assert [interned.code(text) for text in texts] == list(range(len(texts)))
    assert [interned.code(text) for text in texts] == list(range(len(texts)))
    assert interned.text(2 * SMALLEST) == texts[2 * SMALLEST]


def test_a_file_takes_little_memory() -> None:
    """Objects for each would take a kilobyte."""
    files = FileTable()
    count = 10_000
    for number in range(count):
        files.named(files.intern(b"/%d" % number), None, 0, 0)
    assert memory_bytes(files) / count < 100


def memory_bytes(thing: object) -> int:
    parts = vars(thing).values() if hasattr(thing, "__dict__") else ()
    return sys.getsizeof(thing) + sum(map(memory_bytes, parts))


def test_forgotten_texts_get_another_code() -> None:
    texts = PathTexts()
    first, second = texts.code(b"/a\0"), texts.code(b"/b\0/c\0")
    texts.keep(np.array([second], np.int32))
    assert texts.pair(second) == (b"/b", b"/c")
    assert texts.code(b"/b\0/c\0") == second
    assert texts.code(b"/a\0") not in (first, second)
