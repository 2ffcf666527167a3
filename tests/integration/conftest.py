"""What tests of commands share: a project with a configuration, and a user at home elsewhere."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

TIMEOUT_S = 300
TRACER = (sys.executable, "-m", "aklo_trace")
Done = subprocess.CompletedProcess[str]


class Project:
    """A folder with an `.aklo.conf`, and the user's own files."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "project"
        self.conf = self.folder / ".aklo.conf"
        self.store = self.folder / ".aklo_metrics"
        self.toml = folder / "home/.config/aklo-trace/config.toml"
        self.data = folder / "home/.local/share/aklo-trace"
        self.folder.mkdir()
        self.toml.parent.mkdir(parents=True)
        self._home = folder / "home"

    def start(self, *arguments: str, **variables: str) -> subprocess.Popen[str]:
        environ = {name: value for name, value in os.environ.items() if name[:4] != "XDG_"}
        return subprocess.Popen(
            [*TRACER, *arguments],
            env={**environ, "HOME": str(self._home), "XDG_CONFIG_DIRS": "/nowhere", **variables},
            cwd=self.folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, *arguments: str, **variables: str) -> Done:
        process = self.start(*arguments, **variables)
        out, err = process.communicate(timeout=TIMEOUT_S)
        return subprocess.CompletedProcess(process.args, process.returncode, out, err)


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path)
