"""What cannot run here is not measured."""

from __future__ import annotations

import pytest
from benchmarks import capture, latency

from aklo_trace.bcc.engine import BccEngine
from aklo_trace.ebpf.engine import EbpfEngine
from aklo_trace.engine import Capability
from aklo_trace.strace.engine import StraceEngine

ENGINES = {"ebpf": EbpfEngine, "bcc": BccEngine, "strace": StraceEngine}


@pytest.mark.parametrize("missing", ENGINES)
def test_an_engine_that_cannot_run_is_left_out(
    monkeypatch: pytest.MonkeyPatch, missing: str
) -> None:
    for name, engine in ENGINES.items():
        capability = Capability(name != missing, "for a reason")
        monkeypatch.setattr(engine, "probe", lambda _, found=capability: found)
    others = set(ENGINES) - {missing}
    assert set(latency.usable()) == others
    assert {way.engine for way in capture.WAYS if way.engine and way.is_here()} == others


def test_a_program_that_is_not_installed_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    assert [way.name for way in capture.WAYS if way.is_here() and not way.engine] == ["untraced"]
