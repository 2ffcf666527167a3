"""The text of a line is shown only if it is that of the trace."""

from __future__ import annotations

import os
import socket
import time
from dataclasses import replace
from pathlib import Path

import pytest

from aklo_analysis.source import AT_END, LONGEST, Source, Sources
from aklo_trace.script_content import LARGEST_BYTES, digests

from .synthetic_trace import SyntheticTrace

HOUR_NS = 3_600_000_000_000


def sources(
    began_ns: int | None = None, host: str = "", scripts: dict[str, str] | None = None
) -> Sources:
    """Of a trace that begins an hour from now, when all that a test wrote is old."""
    began_ns = time.time_ns() + HOUR_NS if began_ns is None else began_ns
    meta = replace(SyntheticTrace().meta, started_at_ns=began_ns, host=host, scripts=scripts or {})
    return Sources(meta)


@pytest.fixture
def script(tmp_path: Path) -> str:
    path = tmp_path / "s.sh"
    path.write_bytes(b"#!/bin/bash\n\techo one  \necho \xff\x1b[2J\n" + b"x" * 5000 + b"\n")
    return str(path)


def test_a_line_is_shown_without_the_spaces_around_it(script: str) -> None:
    assert sources(host=socket.gethostname()).line(script, 2) == Source("echo one")


def test_bytes_that_are_not_utf8_are_escaped_and_long_lines_cut(script: str) -> None:
    assert sources().line(script, 3).text == "echo \\xff\x1b[2J"
    assert sources().line(script, 4).text == "x" * LONGEST


def test_a_script_that_changed_after_the_trace_began_is_not_shown(script: str) -> None:
    changed_ns = Path(script).stat().st_ctime_ns
    assert sources(changed_ns).line(script, 2) == Source("echo one")
    assert sources(changed_ns - 1).line(script, 2) == Source(None, "changed since")
    os.utime(script, ns=(0, 0))  # what a copy can pretend; the inode's own change tells
    assert sources(changed_ns - 1).line(script, 2) == Source(None, "changed since")


def test_a_script_of_the_same_content_is_shown_whatever_its_times_say(script: str) -> None:
    began_ns = Path(script).stat().st_ctime_ns
    known = digests([script, "relative.sh", "/gone.sh"], began_ns)
    assert [*known] == [script]
    Path(script).chmod(0o700)
    os.utime(script)
    assert Path(script).stat().st_mtime_ns > began_ns
    assert digests([script], began_ns) == {}
    assert sources(began_ns, scripts=known).line(script, 2) == Source("echo one")
    with Path(script).open("ab") as file:
        file.write(b"\n")
    assert sources(began_ns, scripts=known).line(script, 2) == Source(None, "changed since")


def test_lines_beyond_the_end_have_no_text(script: str) -> None:
    assert sources().line(script, 5) == Source(None, AT_END)
    assert sources().line(script, 6) == Source(None, "no such line")


def test_what_is_no_file_of_sane_size_is_not_read(tmp_path: Path, script: str) -> None:
    os.mkfifo(tmp_path / "pipe")
    os.truncate(script, LARGEST_BYTES + 1)
    found = sources()
    for name, why in (
        (str(tmp_path / "pipe"), "not a regular file"),
        (str(tmp_path), "is a directory"),
        (str(tmp_path / "absent"), "no such file or directory"),
        (script, "too large to read"),
        ("s.sh", "in an unknown directory"),
        ("/a\0b", "cannot be read"),
        ("/" + "x" * 5000, "file name too long"),
    ):
        assert found.line(name, 1) == Source(None, why)


def test_scripts_of_another_host_are_not_looked_for_here(script: str) -> None:
    assert sources(host="elsewhere").line(script, 2) == Source(None, "recorded on another host")
