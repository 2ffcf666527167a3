"""What fails while programs are put in place leaves none of them there."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import NoReturn

import pytest

from aklo_trace.bcc import session as bcc_session
from aklo_trace.bcc.headers import Headers
from aklo_trace.bcc.session import BccSession
from aklo_trace.ebpf import session as ebpf_session
from aklo_trace.ebpf import uprobe
from aklo_trace.ebpf.session import EbpfSession
from aklo_trace.engine import CaptureOptions


class Refusing:
    """Programs whose maps cannot be written."""

    made: list[Refusing]

    def __init__(self, *_: object) -> None:
        self.is_open = True
        self.made.append(self)

    def __getattr__(self, name: str) -> object:
        return lambda *_: None

    def fill(self, *_: object) -> NoReturn:
        raise OSError(errno.E2BIG, "Argument list too long")

    write = fill

    def close(self) -> None:
        self.is_open = False


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[Refusing]:
    """What has been put in place."""
    monkeypatch.setattr(Refusing, "made", [], raising=False)
    monkeypatch.setattr(ebpf_session, "Object", Refusing)
    monkeypatch.setattr(ebpf_session, "object_path", lambda: Path("none"))
    monkeypatch.setattr(ebpf_session, "_has_cast", lambda: True)
    monkeypatch.setattr(bcc_session, "Programs", Refusing)
    return Refusing.made


def test_a_map_that_cannot_be_filled_takes_the_programs_out(made: list[Refusing]) -> None:
    with pytest.raises(OSError, match="too long"):
        EbpfSession(CaptureOptions())
    with pytest.raises(OSError, match="too long"):
        BccSession(CaptureOptions(), Path("none"), Headers({}, ()))
    assert [programs.is_open for programs in made] == [False, False]


def test_a_probe_without_its_program_is_taken_out(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    kind = tmp_path / "type"
    kind.write_text("9\n")
    event, writing = os.pipe()
    os.close(writing)
    monkeypatch.setattr(uprobe, "UPROBE_TYPE", kind)
    monkeypatch.setattr(uprobe, "perf_event_open", lambda *_: event)
    with pytest.raises(OSError, match="ioctl"):
        uprobe.uprobe(0, 0, -1)
    with pytest.raises(OSError, match="Bad file"):
        os.fstat(event)
