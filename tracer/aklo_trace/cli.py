"""The command line: which command is meant, and what becomes of an error.

Each command is a module of `aklo_trace.commands`; its docstring is its help. A module is
imported only when its command runs, so that ``--help`` and a recording stay quick.
"""

from __future__ import annotations

import argparse
import importlib
import os
import sys
import traceback
from collections.abc import Sequence
from typing import Final, Protocol, cast

from aklo_trace import __version__
from aklo_trace.errors import AkloTraceError

INTERRUPTED, BROKEN_PIPE = 130, 141
"""As a shell gives them after SIGINT and SIGPIPE."""
RECORD: Final = "record"
COMMANDS: Final[dict[str, str]] = {
    RECORD: "trace a command and print its report (the default)",
    "report": "print the report of a trace",
    "info": "say what a trace is of, and whether it is complete",
    "list": "list the traces there are",
    "import": "make a trace from strace's output",
    "recover": "finish a trace whose recording was interrupted",
    "doctor": "say which engines can run here, and what the others lack",
}
USAGE: Final = """\
usage: aklo-trace [OPTIONS] -- COMMAND [ARG...]
       aklo-trace VERB [OPTIONS] [ARG...]

Says where a shell program spends its time: every system call and every child
process, from outside and without any change to the program.

"""
EPILOG: Final = """
'aklo-trace VERB --help' explains a verb; 'aklo-trace record --help' the options
of a recording. 'sudo aklo-trace -- COMMAND' traces at the lowest cost.
"""


class Command(Protocol):
    """What a module of `aklo_trace.commands` offers."""

    def configure(self, parser: argparse.ArgumentParser) -> None: ...

    def run(self, options: argparse.Namespace) -> int: ...


def main(arguments: Sequence[str]) -> int:
    """Run a command; returns the exit status. Only here are errors printed."""
    if not arguments or arguments[0] in {"-h", "--help", "help"}:
        return _help(sys.stdout if arguments else sys.stderr, 0 if arguments else 2)
    if arguments[0] == "--version":
        print(f"aklo-trace {__version__}")
        return 0
    try:
        return _run(arguments)
    except AkloTraceError as error:
        return _failed(error, error.exit_status)
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return BROKEN_PIPE
    except OSError as error:
        if error.filename is not None:  # not the stream that we write to
            raise
        return _failed(AkloTraceError(f"The output cannot be written: {error.strerror}."), 1)


def _run(arguments: Sequence[str]) -> int:
    named = arguments[0] in COMMANDS
    name, rest = (arguments[0], arguments[1:]) if named else (RECORD, arguments)
    module = f"aklo_trace.commands.{name}" + ("_" if name == "import" else "")
    command = cast("Command", importlib.import_module(module))
    parser = argparse.ArgumentParser(
        prog=f"aklo-trace {name}",
        description=command.__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--debug", action="store_true", help="show the traceback of an error")
    command.configure(parser)
    options = parser.parse_args(rest)
    try:
        return command.run(options)
    except AkloTraceError:
        if options.debug:
            traceback.print_exc()
        raise


def _help(stream: object, status: int) -> int:
    width = max(map(len, COMMANDS))
    verbs = "".join(f"  {name:<{width}}  {text}\n" for name, text in COMMANDS.items())
    print(USAGE + "verbs:\n" + verbs + EPILOG, end="", file=cast("None", stream))
    return status


def _failed(error: AkloTraceError, status: int) -> int:
    print(f"aklo-trace: {error}", file=sys.stderr)
    return status
