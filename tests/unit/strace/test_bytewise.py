"""Numbers out of text, eight characters at a time."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from aklo_trace.strace.bytewise import (
    Buffer,
    Places,
    decimal,
    digits_at_start,
    hexadecimal,
    spaces_at_start,
)
from aklo_trace.strace.calls import CODES, ERRNOS
from aklo_trace.strace.names import LONGEST, NONE, call_names, error_names

WORD = 8
HEX_DIGITS = b"0123456789abcdef"


def words(text: bytes) -> np.ndarray:
    return Buffer(text).words(np.array([0]))


def numbers(alphabet: bytes) -> st.SearchStrategy[bytes]:
    return st.lists(st.sampled_from(alphabet), max_size=WORD).map(bytes)


@given(numbers(b"0123456789"), st.binary(max_size=4))
def test_leading_digits_are_counted_and_read(digits: bytes, rest: bytes) -> None:
    text = digits + rest
    count = next(
        (at for at, byte in enumerate(text[:WORD]) if byte not in b"0123456789"), len(text)
    )
    assert digits_at_start(words(text))[0] == min(count, WORD)
    assert decimal(words(text), len(digits))[0] == int(digits or b"0")


@given(st.integers(0, WORD), st.binary(max_size=4))
def test_leading_spaces_are_counted(count: int, rest: bytes) -> None:
    text = b" " * count + rest
    assert spaces_at_start(words(text))[0] == min(WORD, len(text) - len(text.lstrip(b" ")))


@given(numbers(HEX_DIGITS), st.integers(0, WORD - 1), st.integers(0, 255))
def test_hexadecimal_numbers_are_read_and_others_refused(digits: bytes, at: int, odd: int) -> None:
    length = np.array([len(digits)])
    value, valid = hexadecimal(words(digits + b"g"), length)
    assert valid[0]
    assert value[0] == int(digits or b"0", 16)
    if at < len(digits):
        spoilt = digits[:at] + bytes([odd]) + digits[at + 1 :]
        assert hexadecimal(words(spoilt), length)[1][0] == (odd in HEX_DIGITS)


@given(st.lists(st.integers(0, 50), unique=True), st.integers(0, 51))
def test_places_before_and_after_are_found(found: list[int], at: int) -> None:
    places = Places(np.array(sorted(found), np.int64))
    after, before = [p for p in found if p >= at], [p for p in found if p < at]
    assert places.next(np.array([at]))[0] == min(after, default=Places.FAR)
    assert places.last(np.array([at]))[0] == max(before, default=-Places.FAR)
    assert places.count(np.array([0]), np.array([at]))[0] == len(before)


def test_every_name_is_found_and_no_part_of_one() -> None:
    for lookup, known in ((call_names(), CODES), (error_names(), ERRNOS)):
        names = [name for name in known if len(name) <= LONGEST]
        buffer = Buffer(b" ".join(names))
        length = np.array([len(name) for name in names])
        start = np.cumsum(length + 1) - length - 1
        assert lookup.look_up(buffer, start, length).tolist() == [known[name] for name in names]
        shorter = lookup.look_up(buffer, start, length - 1).tolist()
        assert shorter == [known.get(name[:-1], NONE) for name in names]
