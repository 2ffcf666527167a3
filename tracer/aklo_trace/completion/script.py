"""The script that makes a shell complete the command line: shtab writes it from the parsers, and
what shtab does not know is beside this module, a file for each shell."""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

import shtab

from aklo_trace import __version__
from aklo_trace.cli import COMMANDS, RECORD, parser_of
from aklo_trace.commands.completions import SHELLS
from aklo_trace.commands.config import ACTIONS
from aklo_trace.contents import KEYS, SECTIONS
from aklo_trace.engines import AUTO, ENGINES

PROGRAM: Final = "aklo-trace"
WORDS: Final[dict[str, Iterable[str]]] = {
    "--by": KEYS,
    "--engine": (AUTO, *(engine.name for engine in ENGINES)),
    "--section": SECTIONS,
    "ACTION": ACTIONS,
    "SHELL": SHELLS,
}
"""What is taken by an option, or in the place of a word, where its parser does not say so."""
FUNCTIONS: Final[Mapping[str, Mapping[str, object]]] = {
    "--pid": {"bash": "_aklo_trace_pids", "zsh": "_pids", "fish": "(__fish_complete_pids)"},
    "--user": {"bash": "_aklo_trace_users", "zsh": "_users", "fish": "(__fish_complete_users)"},
    "DIR": shtab.DIRECTORY,
    "FILE": shtab.FILE,
    "LOG": shtab.FILE,
    "TRACE": {
        "bash": "_aklo_trace_traces_and_dirs",
        "zsh": "_aklo_trace_traces",
        "fish": "(_aklo_trace_traces)",
    },
}
"""The function of each shell that finds what is taken."""
COMPLETE: Final = "complete"
"""The attribute that shtab looks for."""
CALLED_AT_THE_END: Final = "zsh"
"""Where the script ends by completing, so that what is added to it has to stand before."""


def script(shell: str) -> str:
    """What `shell` is to execute."""
    own = Path(__file__).with_name(f"{PROGRAM}.{shell}").read_text("ascii")
    before = own if shell == CALLED_AT_THE_END else ""
    made = shtab.complete(_whole(), shell, preamble=before)
    return made if before else f"{made}\n\n{own}"


def _whole() -> argparse.ArgumentParser:
    """All verbs in one parser, which begins with the options of a recording."""
    whole = argparse.ArgumentParser(PROGRAM, add_help=False)
    for action in parser_of(RECORD)._actions:
        if action.option_strings:
            whole._add_action(_completed(action))
    whole.add_argument("--version", action="version", version=__version__, help="say it, and end")
    verbs = whole.add_subparsers()
    for name, text in COMMANDS.items():
        parser = parser_of(name)
        for action in parser._actions:
            _completed(action)
        verbs.add_parser(name, help=text, parents=[parser], add_help=False, description=text)
    return whole


def _completed(action: argparse.Action) -> argparse.Action:
    names = (*action.option_strings, str(action.metavar).partition("[")[0])
    for name in names:
        if name in WORDS:
            action.choices = tuple(WORDS[name])
        elif name in FUNCTIONS:
            setattr(action, COMPLETE, FUNCTIONS[name])
    return action
