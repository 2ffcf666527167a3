"""The dashboard in a real terminal: it draws, takes keys, follows the size, and leaves."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.unit.analysis.sample import sample_trace

TIMEOUT_S = 60
TRACER = [sys.executable, "-m", "aklo_trace"]


@dataclass
class Terminal:
    """A window of a tmux server of the test's own."""

    socket: Path

    def tmux(self, *words: str) -> str:
        command = ["tmux", "-f", os.devnull, "-S", str(self.socket), *words]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout

    def start(self, command: str) -> None:
        size = ("-x", "80", "-y", "24")
        self.tmux("new-session", "-d", "-s", "test", *size, command)

    def press(self, *keys: str) -> None:
        self.tmux("send-keys", "-t", "test", *keys)

    def shows(self, condition: Callable[[str], object], what: str) -> str:
        """The screen once the condition holds of it."""
        deadline = time.monotonic() + TIMEOUT_S
        while not condition(screen := self.tmux("capture-pane", "-p", "-t", "test")):
            assert time.monotonic() < deadline, f"in vain waited for {what}:\n{screen}"
            time.sleep(0.05)
        return screen


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Terminal]:
    found = Terminal(tmp_path / "tmux")
    yield found
    subprocess.run(
        ["tmux", "-S", str(found.socket), "kill-server"], capture_output=True, check=False
    )


def test_a_trace_is_replayed_in_a_terminal(terminal: Terminal, tmp_path: Path) -> None:
    trace = sample_trace().write(tmp_path / "trace")
    command = shlex.join([*TRACER, "dashboard", str(trace)])
    terminal.start(f"{command}; echo status $?; sleep {TIMEOUT_S}")
    screen = terminal.shows(lambda text: "ENDED" in text, "the end of the replay")
    assert "aklo new" in screen
    assert "title_of" in screen
    terminal.press("3")
    terminal.shows(lambda text: "sed" in text, "the programs")
    terminal.tmux("resize-window", "-t", "test", "-x", "120", "-y", "40")
    terminal.shows(lambda text: "waiting  program" in text, "a column for which there is room now")
    terminal.press("?")
    terminal.shows(lambda text: "KEYS" in text, "the help")
    terminal.press("q")
    left = terminal.shows(lambda text: "status 0" in text, "the end")
    assert "aklo new" not in left  # the screen is as it was


def test_without_a_terminal_it_says_so() -> None:
    done = subprocess.run([*TRACER, "dashboard"], capture_output=True, text=True, timeout=60)
    assert (done.returncode, "needs a terminal" in done.stderr) == (2, True)
