"""What becomes of an error: one harmless line, and a status."""

from __future__ import annotations

import errno
import fcntl
import os
import sys
from typing import NoReturn

import pytest

from aklo_trace import cli
from aklo_trace.errors import REMEDIES, AkloTraceError, CorruptTrace

EVIL = "\x1b[31mred\n\u202e caf\udce9"
HARMLESS = "\\x1b[31mred\\n\\u202e caf\\xe9"


def failing(error: BaseException, monkeypatch: pytest.MonkeyPatch, *words: str) -> int:
    def fail(_: object) -> NoReturn:
        raise error

    monkeypatch.setattr(cli, "_run", fail)
    return cli.main(words)


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (CorruptTrace(f"{EVIL} is damaged"), f"{HARMLESS} is damaged"),
        (AkloTraceError("x"), "x"),
        (OSError(errno.EMFILE, "Too many open files"), REMEDIES[errno.EMFILE].text),
        (OSError(errno.ENOSPC, "No space left"), "The output cannot be written: No space left."),
        (OSError(errno.ENOENT, "No such file", "gone"), "No such file: 'gone'"),
        (OSError(errno.EACCES, "Denied", "/x"), "Denied: '/x'; see to it that this user may do"),
        (RuntimeError("can't start new thread"), "No thread can be started; raise the limit"),
        (MemoryError(), "There is not enough memory"),
        (ImportError("advice " * 100), "A module cannot be loaded: advice"),
        (KeyError("column"), "KeyError: 'column'. The trace is damaged, or that is a fault"),
        (ZeroDivisionError(EVIL), HARMLESS),
    ],
)
def test_every_error_is_one_line(
    error: Exception,
    said: str,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(cli, "_give_up_output", lambda: None)
    assert failing(error, monkeypatch, "info") == 1
    out, err = capfd.readouterr()
    assert out == ""
    assert err.startswith("aklo-trace: ")
    assert err.count("\n") == 1
    assert said in err


@pytest.mark.parametrize("error", [OSError(errno.EAGAIN, "Try again"), MemoryError(), KeyError()])
def test_a_recording_that_fails_has_the_status_of_one(
    error: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert failing(error, monkeypatch, "--", "true") == cli.TRACER_FAILED


def test_the_origin_of_an_import_error_is_named(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    error = ImportError("a page of advice")
    error.__cause__ = ImportError("libx.so: failed to map segment")
    failing(error, monkeypatch, "report")
    assert "libx.so: failed to map segment. " in capfd.readouterr().err


def test_last_words_do_not_wait_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    reading, writing = os.pipe()
    os.write(writing, bytes(fcntl.fcntl(writing, fcntl.F_GETPIPE_SZ)))
    with os.fdopen(reading, "rb", 0) as reader, os.fdopen(writing, "w") as stream:
        monkeypatch.setattr(sys, "stderr", stream)
        cli.complain("unheard", patience_s=0.01)
        assert reader.read(1 << 20).strip(b"\0") == b""
        cli.complain("heard", patience_s=0.01)
        assert reader.read(1 << 20) == b"aklo-trace: heard\n"
        monkeypatch.undo()
