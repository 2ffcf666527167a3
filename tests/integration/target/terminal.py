"""A program in a pseudo-terminal, and a user who types and waits for what appears."""

from __future__ import annotations

import os
import pty
import re
import select
import signal
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from types import TracebackType

from aklo_trace.ancestry import Process

PATIENCE_S = 30.0
PROMPT = "READY> "

CTRL_C = "\x03"
CTRL_D = "\x04"
CTRL_Z = "\x1a"
CTRL_BACKSLASH = "\x1c"


class Terminal:
    def __init__(self, argv: list[str], cwd: Path, environ: Mapping[str, str]) -> None:
        self.argv = argv
        self.cwd = cwd
        self.environ = dict(environ)
        self.seen = ""

    def __enter__(self) -> Terminal:
        self.pid, self.master = pty.fork()
        if self.pid == 0:
            for signo in (signal.SIGPIPE, signal.SIGXFSZ):
                signal.signal(signo, signal.SIG_DFL)
            os.chdir(self.cwd)
            os.execvpe(self.argv[0], self.argv, self.environ)
        self.type("stty -echo; PS1=; PS2=\n")
        self.type(f"PS1='{PROMPT}'; echo\n")
        self.expect(f"\n{PROMPT}$")
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self.pid:
            os.killpg(self.foreground, signal.SIGKILL)
            with suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
        os.close(self.master)

    @property
    def foreground(self) -> int:
        """The process group to which keys send signals."""
        return os.tcgetpgrp(self.master)

    def ended(self) -> int:
        """Wait for the end of the program; gives its exit status, or minus the signal."""
        _, status = os.waitpid(self.pid, 0)
        self.pid = 0
        return os.waitstatus_to_exitcode(status)

    def type(self, keys: str) -> None:
        os.write(self.master, keys.encode())

    def expect(self, pattern: str) -> str:
        """Wait until `pattern` matches what has appeared; gives what came up to its end and
        forgets it."""
        deadline = time.monotonic() + PATIENCE_S
        while not (match := re.search(pattern, self.seen)):
            if not select.select([self.master], [], [], max(deadline - time.monotonic(), 0))[0]:
                raise AssertionError(f"{pattern!r} did not appear in {self.seen!r}")
            self.seen += self._read()
        before, self.seen = self.seen[: match.end()], self.seen[match.end() :]
        return before

    def stop_job(self) -> str:
        """Type Ctrl-Z, and wait until all of the job has stopped: what is still at reading would
        take the next key. Gives what came up to the prompt."""
        job = self.foreground
        self.type(CTRL_Z)
        before = self.expect(PROMPT)
        deadline = time.monotonic() + PATIENCE_S
        while not all(process.is_stopped for process in _stoppable(job)):
            assert time.monotonic() < deadline, "the job did not stop"
        return before

    def continue_job(self) -> None:
        """Type `fg`, and wait until the job runs: a key typed sooner is lost on it."""
        self.type("fg\n")
        deadline = time.monotonic() + PATIENCE_S
        while self.foreground == self.pid or Process.read(self.foreground).is_stopped:
            assert time.monotonic() < deadline, "the job did not continue"

    def wait_until_caught(self, signo: int) -> None:
        """Until the leader of the foreground has a handler: a script's bash has one for SIGINT only
        while it waits for a program."""
        deadline = time.monotonic() + PATIENCE_S
        while not _has(Process.read(self.foreground).status["SigCgt"], signo):
            assert time.monotonic() < deadline, f"signal {signo} was not caught"

    def run(self, line: str) -> str:
        """What a command line puts on the screen before the next prompt."""
        self.type(line + "\n")
        return self.expect(PROMPT).removesuffix(PROMPT).replace("\r\n", "\n")

    def _read(self) -> str:
        try:
            return os.read(self.master, 65536).decode("utf-8", "replace").replace("\r\n", "\n")
        except OSError:
            raise AssertionError(f"the terminal was closed after {self.seen!r}") from None


def _stoppable(group: int) -> Iterator[Process]:
    """The processes of a group that do not block the signal of Ctrl-Z, as recorders do."""
    for entry in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            process = Process.read(int(entry.name))
            blocked = _has(process.status["SigBlk"], signal.SIGTSTP)
            if not blocked and os.getpgid(process.pid) == group:
                yield process


def _has(mask: str, signo: int) -> bool:
    return bool(int(mask, 16) >> (signo - 1) & 1)
