"""Labelled scripts: where they say ``mark``, bash writes down where it is; where they say
``spawn``, it starts a program; ``probe`` is one call alone, whose path says where bash is.

A mark is a printf into a file of its own, so the call that opens that file is the one whose place
in the trace must be the one that stands in it. No word contains a single quote: all work in
strings that are given to eval, trap or another shell.
"""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import Final

SCRIPTS: Final = Path(__file__).parent / "scripts"
ODD_NAME: Final = b"odd \xff\n name.bash"
WORD: Final = re.compile(r"(?<![\w/.-])(mark|spawn|probe)(?![\w/.-])")
MARK: Final = (
    r'printf "%s\0" "{place}" "$LINENO"'
    r' "${{#FUNCNAME[@]}}" "${{FUNCNAME[@]}}"'
    r' "${{#BASH_SOURCE[@]}}" "${{BASH_SOURCE[@]}}"'
    r' "${{#BASH_LINENO[@]}}" "${{BASH_LINENO[@]}}"'
    r' >"$TRUTH/$BASHPID.$((++MARKS))"'
)
PROBED: Final = "/probe/"
PROBE: Final = '[[ -e "/probe/$LINENO:${{FUNCNAME[*]}}:${{BASH_LINENO[*]}}:${{BASH_SOURCE[*]}}" ]]'
SPAWN: Final = '/bin/true "{spawned}{place}" "$TRUTH"'
SPAWNED: Final = "spawned:"
TEXTS: Final = {"mark": MARK, "spawn": SPAWN, "probe": PROBE}


def labelled(text: str, name: str) -> str:
    """A script with its labels spelled out, each on the line it stood on."""
    lines = text.split("\n")
    return "\n".join(_spelled_out(line, f"{name}:{number}") for number, line in enumerate(lines, 1))


def _spelled_out(line: str, place: str) -> str:
    if line.startswith("#"):
        return line
    return WORD.sub(lambda word: TEXTS[word[1]].format(place=place, spawned=SPAWNED), line)


def constructs() -> list[str]:
    """The scripts that there are, one per construct of the language."""
    return sorted(path.stem for path in SCRIPTS.glob("*.bash"))


def prepare(folder: Path) -> None:
    """Put all scripts into a folder, labelled."""
    for source in SCRIPTS.rglob("*.bash"):
        name = str(source.relative_to(SCRIPTS))
        write(folder / name, source.read_text(), name)
    shutil.copy(folder / "lib/odd.bash", bytes(folder / "lib") + b"/" + ODD_NAME)


def write(path: Path, text: str, name: str | None = None) -> Path:
    """Write a labelled script; its places are called by `name`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(labelled(text, name or path.name))
    return path
