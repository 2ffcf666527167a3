"""What docs/examples tells to change in the example's aklo keeps what that prints."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = ROOT / "docs" / "examples"


class Tool:
    """A copy of the example's aklo, and of its project."""

    def __init__(self, folder: Path) -> None:
        shutil.copytree(ROOT / "examples" / "aklo", folder / "aklo")
        self._tool, self._folder = folder / "aklo", folder

    def run(self, *words: str) -> str:
        """In a project of its own: what a command makes there is not there for the next."""
        project = self._folder / "project"
        shutil.rmtree(project, ignore_errors=True)
        shutil.copytree(self._tool / "project", project)
        done = subprocess.run(
            [self._tool / "bin" / "aklo", *words],
            cwd=project,
            env={**os.environ, "AKLO_SCAN_CACHE_DIR": str(self._folder / "scans")},
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout + "".join(
            path.read_text() for path in sorted((project / "backlog").rglob("*.md"))
        )

    def change(self, module: str, function: str, code: str) -> None:
        path = self._tool / "modules" / module
        text, count = re.subn(
            rf"^{function}\(\) \{{\n.*?^\}}\n", lambda _: code, path.read_text(), flags=re.M | re.S
        )
        assert count == 1
        path.write_text(text)


def last_code(page: str, function: str) -> str:
    """The last version of a function that a page shows."""
    text = (PAGES / page).read_text("utf-8")
    return re.findall(rf"^{function}\(\) \{{\n.*?^\}}\n", text, re.M | re.S)[-1]


@pytest.mark.parametrize(
    ("page", "module", "function", "command"),
    [
        ("fork-storm.md", "backlog/field.sh", "item_field", ("status",)),
        ("losing-cache.md", "cache/parsed.sh", "cached_structure", ("new", "task", "Tide")),
    ],
)
def test_what_is_printed_stays(
    page: str, module: str, function: str, command: tuple[str, ...], tmp_path: Path
) -> None:
    tool = Tool(tmp_path)
    before = tool.run(*command)
    tool.change(module, function, last_code(page, function))
    assert tool.run(*command) == before
