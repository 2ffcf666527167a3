"""The engines bcc and strace killed at any moment: the target ends as it would have, and what was
recorded can be read. `test_kills` has the engine ebpf."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest

from aklo_trace.store import LIVE
from aklo_trace.strace.engine import StraceEngine
from aklo_trace.strace.session import LOG_FILE

from .processes import has_ended, holder_of, is_gone, programs_of
from .recording import Recorder, Recording, await_that, environment

ENGINES = ("bcc", "strace")
RECORDED = {"bcc": "events.bin", "strace": LOG_FILE}
SEED = 20_240_531
TURNS = 3
WORK = """
stat -t /at/the/beginning
until [ -e "$0.end" ]; do (:); stat -t "/at/work/$((i += 1))"; done
stat -t /at/the/end
echo finished > "$0"
exit 3
"""


@dataclass(frozen=True)
class UnderWay:
    """A recording whose target is at work, and the processes of it."""

    front: subprocess.Popen[bytes]
    processes: dict[str, int]
    programs: set[int]
    finished: Path


def begin(record: Recorder, name: str) -> UnderWay:
    finished = record.folder / f"{name}.finished"
    front = record.start("bash", "-c", f"exec 2>&-; {WORK}", finished, name=name)
    live = record.folder / name / LIVE
    await_that(lambda: is_written(live, b"/at/the/beginning"), "the beginning to be recorded")
    recorder = holder_of(live / RECORDED[record.engine])
    assert recorder
    processes = {"front": front.pid, "recorder": recorder}
    if record.engine == "strace":
        processes["strace"] = child_called(front.pid, "strace")
    return UnderWay(front, processes, programs_of(recorder), finished)


def is_written(live: Path, text: bytes) -> bool:
    return live.is_dir() and any(text in content(path) for path in live.iterdir())


def content(path: Path) -> bytes:
    """Of a file that may vanish meanwhile."""
    try:
        return path.read_bytes()
    except OSError:
        return b""


def child_called(parent: int, name: str) -> int:
    children = Path(f"/proc/{parent}/task/{parent}/children").read_text().split()
    (found,) = (
        pid for pid in children if content(Path(f"/proc/{pid}/comm")).decode() == f"{name}\n"
    )
    return int(found)


def end(under_way: UnderWay) -> None:
    """Let the target end, and see that nothing is left behind."""
    Path(f"{under_way.finished}.end").touch()
    under_way.front.wait(60)
    await_that(under_way.finished.exists, "the end of the target")
    for who, pid in under_way.processes.items():
        await_that(partial(has_ended, pid), f"the end of the {who}")
    for program in under_way.programs:
        await_that(partial(is_gone, program), f"BPF program {program} to go")


@pytest.mark.parametrize("whom", [("front",), ("recorder",), ("front", "recorder")])
def test_kills_at_random_moments(record: Recorder, whom: Sequence[str]) -> None:
    """A recording whose front was killed goes on to the end. strace when nobody writes down what it
    says traces on for nothing."""
    for turn in range(TURNS):
        recording = killed(record, f"turn-{turn}", whom)
        paths = {row["path"] for row in recording.files}
        assert ("/at/the/end" in paths) == (whom == ("front",))
        assert recording.meta.exit_status == (None if "recorder" in whom and "front" in whom else 3)


@pytest.mark.parametrize("whom", [("strace",), ("front", "strace")])
def test_strace_itself_killed_at_random_moments(tmp_path: Path, whom: Sequence[str]) -> None:
    capability = StraceEngine().probe()
    if not capability.usable:
        pytest.skip(capability.reason)
    record = Recorder("strace", tmp_path, environment(tmp_path))
    for turn in range(TURNS):
        recording = killed(record, f"turn-{turn}", whom)
        assert "/at/the/end" not in {row["path"] for row in recording.files}
        assert "strace ended" in recording.stderr or "front" in whom


def killed(record: Recorder, name: str, whom: Sequence[str]) -> Recording:
    """A recording of which these were killed, as it can be read then."""
    under_way = begin(record, name)
    time.sleep(random.Random(f"{SEED} {record.engine} {whom} {name}").uniform(0, 0.25))
    for who in whom:
        os.kill(under_way.processes[who], signal.SIGKILL)
    end(under_way)
    assert under_way.front.wait() == (-signal.SIGKILL if "front" in whom else 3)
    recording = record.opened(name)
    assert "/at/the/beginning" in {row["path"] for row in recording.files}
    assert not recording.meta.complete
    assert recording.meta.incomplete_reason
    assert recording.meta.lost >= 0
    assert "Traceback" not in recording.stderr
    return recording
