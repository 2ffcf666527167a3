"""Where few files may be open: it works, or it is said which limit, and what raises it."""

from __future__ import annotations

import resource

import pytest

from aklo_trace.ebpf import descriptors
from aklo_trace.ebpf.machine import possible_cpus

from .recording import TRACER_FAILED, Recorder

ENGINES = ("ebpf", "bcc")


@pytest.mark.parametrize("limit", [10, 20, 64])
def test_an_engine_that_may_not_have_enough_says_which_limit(record: Recorder, limit: int) -> None:
    recording = record("echo", "ran", prefix=("prlimit", f"--nofile={limit}"), fails=True)
    assert (recording.status, recording.stdout) == (TRACER_FAILED, "")
    assert f"may not have more than {limit}." in recording.stderr
    assert "ulimit -n 1024" in recording.stderr
    assert recording.stderr.count("\n") == 1
    assert not recording.directory.exists()


def test_what_is_said_to_be_enough_is(record: Recorder) -> None:
    limit = descriptors.NEEDED + possible_cpus()
    recording = record("echo", "ran", prefix=("prlimit", f"--nofile={limit}"))
    assert (recording.status, recording.stdout) == (0, "ran\n"), recording.stderr


def test_who_may_raise_the_limit_does(monkeypatch: pytest.MonkeyPatch) -> None:
    limits = [(10, 20)]
    monkeypatch.setattr(resource, "getrlimit", lambda _: limits[-1])
    monkeypatch.setattr(resource, "setrlimit", lambda _, pair: limits.append(pair))
    descriptors.allow_descriptors(2)
    assert limits[-1] == (descriptors.NEEDED + 2,) * 2
    descriptors.allow_descriptors(0)
    assert limits[-1] == (descriptors.NEEDED + 2,) * 2
