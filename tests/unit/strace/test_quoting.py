"""Strings and descriptions, as strace prints them."""

from __future__ import annotations

import stat

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aklo_trace.events import NULL
from aklo_trace.strace.descriptors import Descriptor, describe
from aklo_trace.strace.quoting import unescape


@pytest.mark.parametrize(
    ("printed", "meant"),
    [
        (rb"plain", b"plain"),
        (rb"a\tb\nc\rd\ve\ff", b"a\tb\nc\rd\ve\ff"),
        (rb"\"quoted\" \\ back", b'"quoted" \\ back'),
        (rb"\0end", b"\0end"),
        (rb"\1\12\123", b"\1\n\123"),
        (rb"\00012", b"\x0012"),
        (rb"\303\251", "é".encode()),
        (rb"\xc3\xa9", "é".encode()),
        (rb"\\n", rb"\n"),
        (rb"\377", b"\xff"),
    ],
)
def test_escapes_become_the_bytes_they_stand_for(printed: bytes, meant: bytes) -> None:
    assert unescape(printed) == meant


@given(st.binary())
def test_hexadecimal_strings_round_trip(raw: bytes) -> None:
    assert unescape(b"".join(b"\\x%02x" % byte for byte in raw)) == raw


@given(st.binary())
def test_octal_of_the_shortest_safe_length_round_trips(raw: bytes) -> None:
    assert unescape(b"".join(b"\\%03o" % byte for byte in raw)) == raw


@pytest.mark.parametrize(
    ("printed", "meant"),
    [
        (b"/etc/passwd", Descriptor(b"/etc/passwd")),
        (rb"/a b, \"c\")= 5 \741\76", Descriptor(b'/a b, "c")= 5 <1>')),
        (b'/raw "quote"', Descriptor(b'/raw "quote"')),
        (b"/dev/null<char 1:3>", Descriptor(b"/dev/null", mode=stat.S_IFCHR)),
        (rb"\x2f\x64<char 1:3>", Descriptor(b"/d", mode=stat.S_IFCHR)),
        (b"x<char 1:3>", Descriptor(b"x<char 1:3>")),
        (b"/dev/sda<block 8:0>", Descriptor(b"/dev/sda", mode=stat.S_IFBLK)),
        (b"pipe:[4711]", Descriptor(None, 4711, stat.S_IFIFO)),
        (b"socket:[12]", Descriptor(None, 12, stat.S_IFSOCK)),
        (rb"\x70\x69\x70\x65\x3a\x5b\x37\x5d", Descriptor(None, 7, stat.S_IFIFO)),
        (
            b"TCP:[127.0.0.1:1->127.0.0.1:2]",
            Descriptor(b"TCP:[127.0.0.1:1->127.0.0.1:2]", mode=stat.S_IFSOCK),
        ),
        (b"anon_inode:[eventpoll]", Descriptor(b"anon_inode:[eventpoll]", NULL, 0)),
    ],
)
def test_descriptions_tell_path_kind_and_inode(printed: bytes, meant: Descriptor) -> None:
    assert describe(printed) == meant
