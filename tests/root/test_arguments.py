"""The arguments of a program: whole, byte by byte."""

from __future__ import annotations

import os
import shutil

import pytest

from aklo_trace.engine import Feature
from aklo_trace.schema import ImageFlag

from .recording import Recorder

ENGINES = ("ebpf", "bcc", "strace")

TRUE = shutil.which("true") or ""
LONGEST = 128 << 10
"""The kernel takes no longer one, its NUL included: MAX_ARG_STRLEN of execve(2)."""

ARGUMENTS = {
    "one": ["x"],
    "none": [],
    "empty": ["", "a", "", ""],
    "only empty": [""],
    "longest": ["y" * (LONGEST - 1)],
    "100 KB": [f"{number:09d}" for number in range(10_000)],
    "more than 1 MB": ["z" * 100_000] * 12,
    "block of whole pages": ["w" * (2 * 4096 - len(TRUE) - 2)],
    "white space": ["a\nb", "\t", " ", "'\"\\"],
    "terminal escapes": ["\x1b[2J", "\x07", "\x7f"],
    "Unicode": ["žluťoučký", "🐚", "\u202e"],
}
LEAST = 500
"""Characters, or words, that are there of what is cut."""


@pytest.mark.parametrize("arguments", ARGUMENTS.values(), ids=ARGUMENTS.keys())
def test_arguments_are_recorded_whole(record: Recorder, arguments: list[str]) -> None:
    recording = record(TRUE, *arguments)
    (image,) = recording.images
    if record.lacks(Feature.WHOLE_ARGUMENTS) and image["flags"]:
        assert image["flags"] == ImageFlag.ARGV_TRUNCATED
        assert len(image["argv"][-1]) >= LEAST or len(image["argv"]) >= LEAST
        assert " ".join([TRUE, *arguments]).startswith(" ".join(image["argv"])[:LEAST])
    else:
        assert image["argv"] == [TRUE, *arguments]
        assert image["flags"] == 0
    assert recording.meta.argv == (TRUE, *arguments)
    assert recording.meta.complete


def test_bytes_that_are_not_utf8_are_escaped_and_flagged(record: Recorder) -> None:
    recording = record(TRUE, b"caf\xe9", b"\xff\xfe\\xff")
    (image,) = recording.images
    assert image["argv"] == [TRUE, r"caf\xe9", r"\xff\xfe\xff"]
    assert image["flags"] == ImageFlag.NOT_UTF8
    assert [os.fsencode(word) for word in recording.meta.argv[1:]] == [b"caf\xe9", b"\xff\xfe\\xff"]
    assert record.run("info", recording.directory).returncode == 0


def test_a_program_that_renames_itself_keeps_what_it_was_given(record: Recorder) -> None:
    """bash, told to by exec -a."""
    bash = shutil.which("bash") or ""
    recording = record(bash, "-c", f"exec -a '' {TRUE} it", "zero")
    first, second = recording.images_of(recording.processes[0]["proc_id"])
    assert first["argv"] == [bash, "-c", f"exec -a '' {TRUE} it", "zero"]
    assert second["argv"] == ["", "it"]
    assert second["exe"] == TRUE
