"""In a terminal, under an interactive shell, a traced program behaves as an untraced one."""

from __future__ import annotations

import fcntl
import os
import shlex
import shutil
import signal
import struct
import sys
import termios
from collections.abc import Callable
from pathlib import Path

import pytest

from aklo_trace.engine import CaptureEngine

from .terminal import CTRL_BACKSLASH, CTRL_C, CTRL_D, CTRL_Z, PROMPT, Terminal

Words = Callable[[str], str]

BASH = "bash --norc --noprofile --noediting -i"
WAITS = "sh -c 'echo ready; read l; echo got $l'"


@pytest.fixture
def words(prefix: tuple[str, ...]) -> Words:
    """The command line that starts a command, traced or untraced."""
    return lambda command: f"{shlex.join(prefix)} {command}".lstrip()


@pytest.fixture
def waiting(terminal: Terminal, words: Words) -> Terminal:
    """A terminal in which a program runs that waits for a line."""
    terminal.type(words(WAITS) + "\n")
    terminal.expect("ready\n")
    return terminal


@pytest.fixture
def inner(terminal: Terminal, words: Words) -> Terminal:
    """A terminal in which an interactive shell runs under the shell."""
    terminal.type(words(BASH) + "\nPS1=; echo; PS1='INNER> '; echo\n")
    terminal.expect("\nINNER> $")
    return terminal


def status(terminal: Terminal) -> int:
    return int(terminal.run("echo $?"))


def test_what_is_said_after_ctrl_c_has_a_line_of_its_own(
    terminal: Terminal, ready: Callable[[str], CaptureEngine], tmp_path: Path
) -> None:
    """The terminal has shown ^C, and its cursor stays there."""
    engine = ready("strace").name
    options = ["--engine", engine, "--format", "none", "-o", str(tmp_path / "trace")]
    terminal.type(shlex.join([sys.executable, "-m", "aklo_trace", *options]) + f" -- {WAITS}\n")
    terminal.expect("ready\n")
    terminal.type(CTRL_C)
    assert terminal.expect("trace: ") == "\ntrace: "


def test_terminal_is_the_targets(terminal: Terminal, words: Words) -> None:
    foreground = [f"fd {fd} tty 1 foreground 1" for fd in range(3)]
    assert terminal.run(words("inherited job")).splitlines()[1:] == foreground


def test_a_typed_line_is_the_targets(waiting: Terminal) -> None:
    assert waiting.run("hello") == "got hello\n"
    assert status(waiting) == 0


def test_end_of_input_is_the_targets(waiting: Terminal) -> None:
    waiting.type(CTRL_D)
    assert waiting.expect(PROMPT) == f"got\n{PROMPT}"


def test_what_the_terminal_sends_is_taken_once(terminal: Terminal, words: Words) -> None:
    terminal.type(words("takes_signals") + "\n")
    terminal.expect("ready\n")
    taken = ""
    for key, signo in [(CTRL_C, 2), (CTRL_Z, 20), (CTRL_BACKSLASH, 3), (CTRL_C, 2)]:
        terminal.type(key)
        taken += terminal.expect(f"{signo} kernel\n")
    fcntl.ioctl(terminal.master, termios.TIOCSWINSZ, struct.pack("HHHH", 50, 100, 0, 0))
    taken += terminal.expect("28 kernel\n")
    os.killpg(terminal.foreground, signal.SIGRTMAX)
    taken += terminal.expect(PROMPT)
    assert taken == f"2 kernel\n20 kernel\n3 kernel\n2 kernel\n28 kernel\n{PROMPT}"


@pytest.mark.parametrize(("key", "expected"), [(CTRL_C, 130), (CTRL_BACKSLASH, 131)])
def test_keys_end_it(waiting: Terminal, key: str, expected: int) -> None:
    waiting.type(key)
    waiting.expect(PROMPT)
    assert status(waiting) == expected


def test_ctrl_c_ends_the_loop_around_it(terminal: Terminal, words: Words) -> None:
    terminal.type(f"for i in 1 2 3; do {words(WAITS)}; done\n")
    terminal.expect("ready\n")
    terminal.type(CTRL_C)
    assert "ready" not in terminal.expect(PROMPT)
    assert status(terminal) == 130


@pytest.mark.parametrize(
    ("trap", "expected"), [("", ""), ('trap "exit 1" INT;', "next\n")], ids=["dies", "handles it"]
)
def test_ctrl_c_in_a_script(
    terminal: Terminal, words: Words, tmp_path: Path, trap: str, expected: str
) -> None:
    command = words(f"sh -c '{trap} echo ready; read _'")
    (tmp_path / "script").write_text(f"{command}\necho next\n")
    terminal.type("bash script\n")
    terminal.expect("ready\n")
    terminal.wait_until_caught(signal.SIGINT)
    terminal.type(CTRL_C)
    assert terminal.expect(PROMPT).strip() == (expected + PROMPT).strip()


def test_ctrl_z_and_fg(waiting: Terminal) -> None:
    for _ in range(3):
        assert "Stopped" in waiting.stop_job()
        assert status(waiting) == 128 + signal.SIGTSTP
        assert waiting.run("jobs -s").count("Stopped") == 1
        waiting.continue_job()
        waiting.expect("read l; echo got .*\n")
    assert waiting.run("hello") == "got hello\n"
    assert waiting.run("jobs") == ""


def test_ctrl_z_and_bg(terminal: Terminal, words: Words, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    terminal.type(words("sh -c 'echo ready; read l <fifo; echo got $l >file'") + "\n")
    terminal.expect("ready\n")
    terminal.stop_job()
    terminal.run("bg")
    terminal.run("echo hello >fifo; wait")
    assert (tmp_path / "file").read_text() == "got hello\n"


def test_ctrl_z_in_a_script(terminal: Terminal, words: Words, tmp_path: Path) -> None:
    (tmp_path / "script").write_text(f"{words(WAITS)}\necho next\n")
    terminal.type("bash script\n")
    terminal.expect("ready\n")
    assert "Stopped" in terminal.stop_job()
    terminal.type("fg\n")
    terminal.expect("bash script\n")
    assert terminal.run("hello") == "got hello\nnext\n"


def test_a_stopped_job_is_killed(waiting: Terminal) -> None:
    waiting.stop_job()
    waiting.run("kill %1")
    waiting.run("fg 2>/dev/null")
    assert status(waiting) in (1, 143)
    assert waiting.run("jobs") == ""


def test_reading_in_the_background_stops_it(terminal: Terminal, words: Words) -> None:
    terminal.run(words("cat") + " &")
    while "Stopped" not in terminal.run("jobs"):
        pass
    terminal.type("fg\n")
    terminal.expect("cat\n")
    terminal.type("hello\n")
    terminal.expect("hello\n")
    terminal.type(CTRL_D)
    terminal.expect(PROMPT)
    assert status(terminal) == 0


def test_writing_in_the_background_stops_it(terminal: Terminal, words: Words) -> None:
    terminal.run("stty tostop")
    terminal.run(words("echo hello") + " &")
    while "Stopped" not in terminal.run("jobs"):
        pass
    assert terminal.run("fg").endswith("hello\n")


def test_settings_of_the_terminal_are_kept(terminal: Terminal, words: Words) -> None:
    terminal.run(words("stty -icanon min 3"))
    assert "min = 3" in terminal.run("stty -a")
    terminal.run("stty icanon")


class TestShell:
    """An interactive shell with job control of its own."""

    def test_runs_jobs(self, inner: Terminal) -> None:
        inner.type("sh -c 'echo ready; read l; echo got $l'\n")
        inner.expect("ready\n")
        inner.type(CTRL_Z)
        assert "Stopped" in inner.expect("INNER> ")
        inner.type("fg\n")
        inner.expect("echo got .*\n")
        inner.type("hello\n")
        inner.expect("got hello\nINNER> ")
        inner.type("sh -c 'echo ready; read l'\n")
        inner.expect("ready\n")
        inner.type(CTRL_C)
        inner.expect("INNER> ")
        inner.type("echo $?\n")
        inner.expect("130\nINNER> ")
        inner.type("exit 7\n")
        inner.expect(PROMPT)
        assert status(inner) == 7

    def test_is_suspended_and_resumed(self, inner: Terminal) -> None:
        for _ in range(3):
            inner.type("suspend -f\n")
            assert "Stopped" in inner.expect(PROMPT)
            assert inner.run("echo outer") == "outer\n"
            inner.continue_job()
            inner.expect(BASH + "\n")
            inner.type("echo $((6 * 7))\n")
            inner.expect("42\nINNER> ")
        inner.type("exit\n")
        inner.expect(PROMPT)
        assert inner.run("jobs") == ""

    def test_is_killed(self, inner: Terminal) -> None:
        inner.type("kill -KILL $$\n")
        inner.expect(PROMPT)
        assert status(inner) == 137
        assert inner.run("read l\nhello") == ""
        assert inner.run("echo $l") == "hello\n"

    def test_is_the_first_in_its_terminal(
        self, prefix: tuple[str, ...], tmp_path: Path, workloads: Path
    ) -> None:
        environ = {"PATH": f"{workloads}:{os.defpath}", "TERM": "xterm"}
        with Terminal([*prefix, *BASH.split()], tmp_path, environ) as terminal:
            terminal.type(WAITS + "\n")
            terminal.expect("ready\n")
            assert "Stopped" in terminal.stop_job()
            terminal.continue_job()
            terminal.expect("echo got .*\n")
            assert terminal.run("hello") == "got hello\n"
            terminal.type("exit 5\n")
            assert terminal.ended() == 5


@pytest.mark.skipif(not shutil.which("vim"), reason="vim is not installed")
def test_vim_is_suspended_and_resumed(terminal: Terminal, words: Words, tmp_path: Path) -> None:
    terminal.type(words("vim -u NONE -n file") + "\n")
    terminal.expect("file")
    for text in ("hello", "world"):
        terminal.type(f"o{text}\x1b")
        terminal.expect(text)
        assert "Stopped" in terminal.stop_job()
        terminal.continue_job()
        terminal.expect("vim -u NONE -n file\n(.*\n)*.*hello")
    terminal.type(":wq\n")
    terminal.expect(PROMPT)
    assert (tmp_path / "file").read_text() == "\nhello\nworld\n"


@pytest.mark.skipif(not shutil.which("less"), reason="less is not installed")
def test_less_reads_keys_and_a_pipe(terminal: Terminal, words: Words) -> None:
    terminal.type(f"seq 1000 | {words('less')}\n")
    terminal.expect("\n20\n")
    terminal.type("G")
    terminal.expect("1000")
    terminal.type("q")
    terminal.expect(PROMPT)
    assert status(terminal) == 0
