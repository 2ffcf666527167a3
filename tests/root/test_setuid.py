"""A setuid program gains its privilege under an engine that says so, and else the engine declares
that it does not."""

from __future__ import annotations

import errno
import os
import shutil
from pathlib import Path

import pytest

from aklo_trace.engine import Feature
from aklo_trace.engines import engine_named

from .recording import Recorder, Recording, environment
from .users import User

ENGINES = ("ebpf", "bcc", "strace")
NOBODY = 65534


@pytest.fixture
def gains(user: User, workloads: Path) -> str:
    """The command line of a program which is setuid root, and reads what only root may read."""
    program = shutil.copy(workloads / "gains", user.folder / "gains")
    os.chown(program, 0, 0)
    Path(program).chmod(0o4755)
    secret = user.folder / "secret"
    secret.touch(mode=0o600)
    os.chown(secret, 0, 0)
    return f"{program} {secret}"


def said(*ids: int, opened: bool) -> str:
    """By the program and by its child."""
    return f"ids {' '.join(map(str, ids))}\nopened {opened:d}\n" * 2


def traced(user: User, script: str) -> tuple[str, Recording]:
    status, out, err = user.run(script)
    assert status == 0, err
    return out, Recording(user.folder / "trace", out, err, status)


@pytest.mark.usefixtures("capturing")
@pytest.mark.parametrize("how", ["directly", "by a shell"])
def test_a_setuid_program_gains_what_it_does_untraced_or_that_is_declared(
    request: pytest.FixtureRequest, user: User, gains: str, how: str
) -> None:
    engine = engine_named(request.node.callspec.params["capturing"])
    command = gains if how == "directly" else f"bash -c '{gains}; :'"
    assert user.run(command)[1] == said(user.uid, 0, 0, opened=True)
    options = f"--engine {engine.name} --format none -o trace"
    out, recording = traced(user, f"sudo $T {options} -- {command}")
    keeps = Feature.SETUID not in engine.lacks
    assert out == said(user.uid, *[0 if keeps else user.uid] * 2, opened=keeps)
    opened = [c for c in recording.calls_of("openat") if c.path == gains.split()[1]]
    assert [call.errno for call in opened] == [None if keeps else errno.EACCES] * 2
    assert recording.meta.complete


def test_strace_without_root_gives_no_privilege(user: User, gains: str) -> None:
    out, _ = traced(user, f"$T --engine strace --format none -o trace -- {gains}")
    assert out == said(user.uid, user.uid, user.uid, opened=False)


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root, to give files away")
def test_strace_by_root_itself_gives_it(tmp_path: Path, workloads: Path) -> None:
    program = Path(shutil.copy(workloads / "gains", tmp_path))
    os.chown(program, NOBODY, NOBODY)
    program.chmod(0o4755)
    record = Recorder("strace", tmp_path, environment(tmp_path))
    assert record(program, "/nowhere").stdout == said(0, NOBODY, NOBODY, opened=False)


def test_doctor_says_it(tmp_path: Path) -> None:
    record = Recorder("strace", tmp_path, environment(tmp_path))
    shown = " ".join(record.run("doctor").stdout.split())
    assert Feature.SETUID in shown.partition("strace")[2]
