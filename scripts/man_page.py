"""Print aklo-trace.1, the manual page, as the parsers of the commands have it.

    .venv/bin/python scripts/man_page.py > build/aklo-trace.1

`make man` does, and a wheel brings it along.
"""

from __future__ import annotations

import argparse
import inspect
import re
from collections.abc import Iterable, Iterator

from aklo_trace import __version__
from aklo_trace.cli import COMMANDS, RECORD, TRACER_FAILED, command_of, parser_of

HEAD = f'.TH AKLO\\-TRACE 1 "" "aklo\\-trace {__version__}" "User Commands"'
NAME = "aklo-trace - say where a shell program spends its time"
DESCRIPTION = """\
Every system call and every child process of a program is recorded, from outside and without any
change to the program, and the report says where the time went, by function and line of shell code.

Put it before the command. The report comes when the command ends. Without root, or where BPF
cannot run, the engine is strace, which is slower.
"""
EXIT_STATUS = f"""\
Of a recording the command's own; 128+n after signal n; 126 and 127 if the command cannot be
executed or found; {TRACER_FAILED} if something else kept it from being started.

Of the other verbs 0 if they did what they were asked, 2 for options that cannot be used, and 1 for
other errors, if a verb does not say more above.
"""
FILES = (
    (".aklo.conf", "the configuration of a project, in its topmost directory"),
    (".aklo_metrics/", "where the traces of a project go"),
    ("~/.config/aklo-trace/config.toml", "the configuration of a user"),
    ("/etc/xdg/aklo-trace/config.toml", "the configuration of the system"),
    ("~/.local/share/aklo-trace/", "where the traces of a user go that belong to no project"),
)
EXAMPLES = (
    ("sudo aklo-trace -- aklo status", "trace a command, and print the report"),
    ("aklo-trace report latest --section lines", "print a part of the newest report again"),
    ("sudo aklo-trace attach -p 4711 --for 10s", "trace what runs already"),
    ("aklo-trace compare before after", "what is slower, faster, new, and gone"),
    ("aklo-trace check latest", "the thresholds crossed, by the exit status"),
)
SEE_ALSO = ".BR strace (1),\n.BR perf\\-trace (1),\n.BR bpftrace (8)"


def page() -> Iterator[str]:
    yield f"{HEAD}\n.nh\n.ad l"
    yield from section("NAME", [plain(NAME)])
    yield from section("SYNOPSIS", synopsis())
    yield from section("DESCRIPTION", prose(DESCRIPTION))
    yield from section("VERBS", close(item(bold(name), text) for name, text in COMMANDS.items()))
    yield from section("OPTIONS OF A RECORDING", of_a_verb(RECORD))
    for name in COMMANDS:
        if name != RECORD:
            yield from section(f"aklo-trace {name}", of_a_verb(name))
    yield from section("EXIT STATUS", prose(EXIT_STATUS))
    yield from section("FILES", (item(italic(name), text) for name, text in FILES))
    yield from section("EXAMPLES", (item(bold(line), text) for line, text in EXAMPLES))
    yield from section("SEE ALSO", [SEE_ALSO])


def section(title: str, body: Iterable[str]) -> Iterator[str]:
    yield f'.SH "{plain(title)}"'
    yield from body


def synopsis() -> Iterator[str]:
    yield f"{bold('aklo-trace')} [{italic('OPTIONS')}] {bold('--')} {italic('COMMAND')} [...]"
    yield ".br"
    yield f"{bold('aklo-trace')} {italic('VERB')} [{italic('OPTIONS')}] [...]"
    yield ".br"
    yield f"{bold('aklo-trace --version')}"


def of_a_verb(name: str) -> Iterator[str]:
    """What it does, how it is used, and what each option and word means."""
    actions = [one for one in parser_of(name)._actions if one.help != argparse.SUPPRESS]
    yield " ".join([bold("aklo-trace"), bold(name), *map(usage, actions)])
    yield from prose(command_of(name).__doc__ or "")
    for action in actions:
        if action.help:
            yield item(usage(action, alternatives=True), action.help % vars(action))


def usage(action: argparse.Action, *, alternatives: bool = False) -> str:
    """An option or a word as it is written: in the usage, or, with all its names, before its
    explanation."""
    value = "" if action.nargs == 0 else values(action)
    if not action.option_strings:
        return value if alternatives or action.nargs in (None, "+") else f"[{value}]"
    names = action.option_strings if alternatives else [action.option_strings[-1]]
    written = ", ".join(bold(name) + (f" {value}" if value else "") for name in names)
    return written if alternatives else f"[{written}]"


def values(action: argparse.Action) -> str:
    """What stands behind an option, or in the place of a word."""
    once = italic(str(action.metavar or "{" + ",".join(action.choices or [action.dest]) + "}"))
    if action.nargs == "+":
        return f"{once} ..."
    return f"[{once}]" if action.nargs == "?" and action.option_strings else once


def prose(text: str) -> Iterator[str]:
    """Paragraphs; what is indented stays as it is."""
    for part in inspect.cleandoc(text).split("\n\n"):
        yield ".PP"
        if "\n " in part or part.startswith(" "):
            yield f".nf\n{plain(part)}\n.fi"
        else:
            yield plain(re.sub(r"\s+", " ", part))


def close(items: Iterable[str]) -> Iterator[str]:
    """Without lines between them."""
    yield ".PD 0"
    yield from items
    yield ".PD"


def item(what: str, text: str) -> str:
    return f".TP 15\n{what}\n{plain(text)}"


def plain(text: str) -> str:
    """Text of which nothing means something to roff."""
    text = text.replace("\\", "\\e").replace("-", "\\-").replace("'", "\\(aq").replace("`", "\\(ga")
    return re.sub(r"^\.", r"\\&.", text, flags=re.M)


def bold(text: str) -> str:
    return f"\\fB{plain(text)}\\fR"


def italic(text: str) -> str:
    return f"\\fI{plain(text)}\\fR"


if __name__ == "__main__":
    print("\n".join(page()))
