"""Editing a file of configuration in the user's editor: on a copy, which is put in place only when
all of it can be used, as visudo(8) does."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final

from aklo_trace.config.writing import Target
from aklo_trace.errors import UsageError, reason_of
from aklo_trace.escape import escape

FALLBACK: Final = "vi"
QUESTION: Final = "Edit again? [Y/n] "


def edited(
    target: Target, environ: Mapping[str, str], problems: Callable[[str], Sequence[str]]
) -> str:
    """What the user has made of the text of a file, without `problems`. Raises UsageError; what was
    written is kept in a file then, which is named."""
    command = _editor(environ)
    folder = Path(tempfile.mkdtemp(prefix="aklo-trace-config-"))
    copy = folder / target.path.name.lstrip(".")
    copy.write_text(target.text, "utf-8")
    while True:
        if why := _failure(command, environ, copy):
            shutil.rmtree(folder)
            raise UsageError(why)
        text = copy.read_text("utf-8", "surrogateescape")
        found = problems(text)
        if not found:
            shutil.rmtree(folder)
            return text
        for problem in found:
            print(escape(problem), file=sys.stderr)
        if not _again():
            raise UsageError(f"{target.path} is left as it was; what you wrote is in {copy}.")


def _editor(environ: Mapping[str, str]) -> list[str]:
    wanted = environ.get("VISUAL") or environ.get("EDITOR") or FALLBACK
    try:
        return shlex.split(wanted) or [FALLBACK]
    except ValueError as error:
        raise UsageError(
            f"The editor '{wanted}' cannot be started: {str(error).lower()}. Put that right in "
            "VISUAL or EDITOR."
        ) from None


def _failure(command: Sequence[str], environ: Mapping[str, str], copy: Path) -> str:
    """Why the editor has not done its work, if it has not."""
    name = " ".join(command)
    try:
        status = subprocess.run([*command, copy], env=environ, check=False).returncode
    except OSError as error:
        why = reason_of(error)
        return f"The editor '{name}' cannot be started: {why}. Name another in VISUAL or EDITOR."
    return f"The editor '{name}' ended with status {status}: nothing is changed." if status else ""


def _again() -> bool:
    """Whether the user, if there is one to be asked, wants to put it right."""
    if not os.isatty(sys.stdin.fileno()):
        return False
    try:
        return input(QUESTION).strip().casefold() in ("", "y", "yes")
    except EOFError:
        return False
