"""A user who may use sudo, in a folder of their own."""

from __future__ import annotations

import os
import shlex
import subprocess
from dataclasses import dataclass
from pathlib import Path

from .recording import TIMEOUT_S

USER = f"aklo-trace-{os.getpid()}"
RULES = Path("/etc/sudoers.d") / USER
TOOLS = ("runuser", "useradd", "userdel", "sudo")


@dataclass(frozen=True)
class User:
    """`python` runs the command line's interpreter."""

    uid: int
    folder: Path
    python: str

    def start(self, script: str) -> subprocess.Popen[str]:
        """Begin a piece of bash in which $T stands for the command line of aklo-trace."""
        prelude = f"export HOME=$PWD T={shlex.quote(f'{self.python} -m aklo_trace')}\n"
        return subprocess.Popen(
            # a last command, so that bash does not execute sudo in its own place
            ["runuser", "-u", USER, "--", "bash", "-c", f"{prelude}{script}\nexit $?"],
            env={"PATH": f"{os.defpath}:/usr/sbin:/sbin"},
            cwd=self.folder,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, script: str) -> tuple[int, str, str]:
        process = self.start(script)
        out, err = process.communicate(timeout=TIMEOUT_S)
        return process.returncode, out, err
