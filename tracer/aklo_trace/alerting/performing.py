"""Doing what is to be done about alerts: as the user who asked, and within a time.

A program is started without a shell; in the root directory, so that it finds nothing that a
repository has put where the tracer was started; in the user's own environment; with what there is
to know as a JSON object on its standard input, and in words in variables `AKLO_ALERT_*` and where
its arguments have one of `PLACES`. What it writes goes nowhere. A request is made by a program of
our own, in the same way. When its time is over it is killed, with all that it has started; and so
it is when we are killed: `keeper` sees to that.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import stat
import subprocess
import sys
import time
from collections.abc import Iterable, Mapping
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Final

from aklo_trace.alerting.action import Action, Notice
from aklo_trace.config.keys import CLEARED
from aklo_trace.errors import reason_of

KEEPER: Final = Path(__file__).with_name("keeper.py")
POST: Final = Path(__file__).with_name("post.py")
PATIENCE_S: Final = 10.0
"""For a keeper that ends what it keeps, which has half of that."""
TOGETHER_S: Final = 60.0
"""What all actions of a trace may take."""
PLACES: Final = re.compile(r"\{(name|severity|state|message|trace)\}")
"""What is put in its place in an argument. None of it begins with a dash."""
CHARACTERS: Final = 1000
"""As many at most of a message in an argument, or of why a request failed."""


def perform(
    known: Mapping[str, Action], notices: Iterable[Notice], environ: Mapping[str, str]
) -> list[str]:
    """Do the actions that each notice names; what failed, in words."""
    deadline_s = time.monotonic() + TOGETHER_S
    wanted = [
        (known[name], notice)
        for notice in notices
        for name in notice.actions
        if name in known and notice.state in known[name].on
    ]
    failed = (_failure(*one, environ, deadline_s - time.monotonic()) for one in wanted)
    return [what for what in failed if what]


def _failure(action: Action, notice: Notice, environ: Mapping[str, str], left_s: float) -> str:
    """Why it failed, or nothing."""
    timeout_s = min(action.timeout_s, left_s)
    if timeout_s <= 0:
        why = f"the actions before it took {TOGETHER_S:.0f}s"
    elif action.file is not None:
        why = _added(action.file, notice)
    elif action.url:
        why = _posted(action.url, notice, environ, timeout_s)
    else:
        why = _started(action.command, notice, environ, timeout_s)
    return f"The action {action.name} of the alert {notice.name} failed: {why}." if why else ""


def _added(path: Path, notice: Notice) -> str:
    """Add a line such as aklo's own to a file."""
    flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NONBLOCK | os.O_CLOEXEC
    try:
        fd = os.open(path, flags, 0o600)
        with os.fdopen(fd, "wb", 0) as file:
            if not stat.S_ISREG(os.fstat(fd).st_mode):
                return f"{path} is no file"
            file.write(line_of(notice).encode("utf-8", "backslashreplace"))
    except OSError as error:
        return f"{path}: {reason_of(error)}"
    return ""


def line_of(notice: Notice) -> str:
    """`[2024-02-29 13:05:07] SLOW_OPERATION: read on '/a' took 1.23s (threshold: 1.00s)`."""
    at = datetime.fromtimestamp(notice.at_ns / 1e9).strftime("%Y-%m-%d %H:%M:%S")
    state = " cleared" if notice.state == CLEARED else ""
    return f"[{at}] {notice.name.upper()}{state}: {notice.message}\n"


def _posted(url: str, notice: Notice, environ: Mapping[str, str], timeout_s: float) -> str:
    asked = json.dumps({"url": url, "timeout_s": timeout_s, "body": notice.line}).encode()
    program = (sys.executable, "-I", "-S", str(POST))
    return _run(program, asked, environ, timeout_s, says_why=True)


def _started(
    command: tuple[str, ...], notice: Notice, environ: Mapping[str, str], timeout_s: float
) -> str:
    directories = environ.get("PATH", os.defpath).split(":")
    path = ":".join(directory for directory in directories if directory.startswith("/"))
    program = shutil.which(command[0], path=path)
    if program is None:
        return f"there is no program '{command[0]}' in the absolute directories of PATH"
    words = _words(notice)
    arguments = [PLACES.sub(lambda found: words[found[1]], word) for word in command[1:]]
    variables = {f"AKLO_ALERT_{name.upper()}": word for name, word in words.items()}
    return _run((program, *arguments), notice.line.encode(), {**environ, **variables}, timeout_s)


def _words(notice: Notice) -> dict[str, str]:
    return {
        "name": notice.name,
        "severity": notice.severity,
        "state": notice.state,
        "message": f"{notice.name}: {notice.message}"[:CHARACTERS],
        "trace": notice.trace,
    }


def _run(
    command: tuple[str, ...],
    given: bytes,
    environ: Mapping[str, str],
    timeout_s: float,
    says_why: bool = False,
) -> str:
    """Why it failed, or nothing. `says_why`: it is our own, and says so."""
    try:
        keeper = subprocess.Popen(
            (sys.executable, "-I", "-S", str(KEEPER), *command),
            env=environ,
            cwd="/",
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE if says_why else subprocess.DEVNULL,
            start_new_session=True,
        )
    except (OSError, ValueError) as error:
        return f"{command[0]}: {reason_of(error) if isinstance(error, OSError) else error}"
    try:
        ending, said = keeper.communicate(given, timeout_s)
    except subprocess.TimeoutExpired:
        return f"it took longer than {timeout_s:.3g}s"
    finally:
        _dismiss(keeper)
    if not ending:
        return "what waited for it was killed, perhaps by itself; so it was, too"
    return _why(ending.decode("utf-8", "replace"), said if says_why else b"")


def _why(ending: str, said: bytes) -> str:
    """Why a program failed that ended so, and said that; nothing if it did not."""
    try:
        status = int(ending)
    except ValueError:  # it did not begin
        return ending
    if status == 0:
        return ""
    if said:
        return said.decode("utf-8", "replace")[:CHARACTERS].strip()
    return f"signal {-status} killed it" if status < 0 else f"its exit status is {status}"


def _dismiss(keeper: subprocess.Popen[bytes]) -> None:
    """Have it end all that it keeps, if it has not ended itself."""
    for pipe in (keeper.stdin, keeper.stdout, keeper.stderr):
        if pipe:
            with suppress(BrokenPipeError):
                pipe.close()
    try:
        keeper.wait(PATIENCE_S)
    except subprocess.TimeoutExpired:
        keeper.kill()
        keeper.wait()
