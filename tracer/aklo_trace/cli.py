"""The command line: which command is meant, and what becomes of an error.

Each command is a module of `aklo_trace.commands`; its docstring is its help. A module is
imported only when its command runs, so that ``--help`` and a recording stay quick.
"""

from __future__ import annotations

import argparse
import errno
import importlib
import io
import os
import select
import sys
import textwrap
import traceback
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final, NoReturn, Protocol, cast

from aklo_trace import __version__
from aklo_trace.errors import (
    REMEDIES,
    AkloTraceError,
    TargetError,
    UsageError,
    reason_of,
    remedy_of,
)
from aklo_trace.escape import escape

INTERRUPTED, BROKEN_PIPE = 130, 141
"""As a shell gives them after SIGINT and SIGPIPE."""
TRACER_FAILED: Final = 125
"""The status of a recording that failed before its command started; 126 and 127 are what a shell
gives for one that cannot."""
DATA_INCOMPLETE: Final = 3
"""The status of a check that cannot tell whether a threshold is crossed."""
UNWRITABLE: Final = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EBADF)
"""What writing to standard output may fail with."""
DENIED: Final = (errno.EACCES, errno.EPERM)
PERMIT: Final = "see to it that this user may do that"
UNSTARTED: Final = "can't start new thread"
"""What Python says then, with no class of its own."""
RECORD: Final = "record"
COMMANDS: Final[dict[str, str]] = {
    RECORD: "trace a command and print its report (the default)",
    "attach": "trace processes that are running",
    "watch": "trace every program of a name, as they start",
    "report": "print the report of a trace",
    "dashboard": "show what happens in a recording, live, or replay a trace",
    "digest": "say what a day or a week of traces has brought",
    "check": "say by the exit status whether a trace crosses a threshold",
    "benchmark": "run a command cold and warm, and say what its caches give",
    "compare": "say what changed from some traces to others",
    "info": "say what a trace is of, and whether it is complete",
    "list": "list the traces there are",
    "status": "say how the traced commands do, on one screen",
    "purge": "remove traces that are too old, too many or too large",
    "pin": "keep traces, whatever the limits are",
    "unpin": "leave traces to the limits again",
    "export": "write a trace in the format of another tool",
    "import": "make a trace from strace's output, or a session log of aklo",
    "track": "add an operation of a script's own to a trace",
    "recover": "finish a trace whose recording was interrupted",
    "config": "show, check and change the configuration",
    "install-wrapper": "put a wrapper before aklo, so that every command is traced",
    "uninstall-wrapper": "take that wrapper away",
    "wrapped": "run aklo for the wrapper",
    "doctor": "say which engines can run here, and what the others lack",
    "completions": "print what makes a shell complete the command line",
}
FAILED: Final = {RECORD: TRACER_FAILED, "check": DATA_INCOMPLETE}
"""The status of a verb that failed, if it is not 1."""
USAGE: Final = """\
usage: aklo-trace [OPTIONS] -- COMMAND [ARG...]
       aklo-trace VERB [OPTIONS] [ARG...]

Says where a shell program spends its time: every system call and every child
process, from outside and without any change to the program.

"""
EPILOG: Final = """
'aklo-trace VERB --help' explains a verb; 'aklo-trace record --help' the options
of a recording; 'aklo-trace --version' says which version this is.
'sudo aklo-trace -- COMMAND' traces at the lowest cost.
The pages below docs/ are in a clone, or in share/doc/aklo-trace of where a
wheel was installed.
"""


class Command(Protocol):
    """What a module of `aklo_trace.commands` offers."""

    def configure(self, parser: argparse.ArgumentParser) -> None: ...

    def run(self, options: argparse.Namespace) -> int: ...


def main(arguments: Sequence[str]) -> int:
    """Run a command; returns the exit status. Only here are errors printed."""
    _prepare_streams()
    verb = arguments[0] if arguments and arguments[0] in COMMANDS else RECORD
    failed = FAILED.get(verb, 1)
    try:
        status = _answered(arguments)
        sys.stdout.flush()
    except AkloTraceError as error:
        complain(error)
        unstarted = verb == RECORD and not isinstance(error, TargetError)
        return failed if unstarted else error.exit_status
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        _give_up_output()
        return BROKEN_PIPE
    except OSError as error:
        if error.errno in UNWRITABLE and error.filename is None:  # it is the stream we write to
            _give_up_output()
            complain(f"The output cannot be written: {reason_of(error)}.")
            return failed
        complain(explained(error))
        return failed
    except Exception as error:  # noqa: BLE001 - a traceback helps nobody who did not ask for it
        complain(explained(error))
        return failed
    return status


def complain(what: object, patience_s: float | None = None) -> None:
    """Say what is wrong, in one line that does a terminal no harm. If nobody takes it within
    `patience_s` it is not said."""
    with suppress(OSError):  # nobody reads it
        if patience_s is None or _is_taken(sys.stderr.fileno(), patience_s):
            print(f"aklo-trace: {escape(str(what))}", file=sys.stderr, flush=True)


def print_traceback() -> None:
    """Of the error that is being handled."""
    print(*map(escape, traceback.format_exc().splitlines()), sep="\n", file=sys.stderr)


def explained(error: BaseException) -> str:
    """What to say of an error that is not one of `aklo_trace.errors`."""
    match error:
        case OSError():
            where = f": {error.filename!r}" if error.filename else ""
            remedy = PERMIT if error.errno in DENIED else remedy_of(error)
            return f"The system refuses: {reason_of(error)}{where}; {remedy}."
        case MemoryError() | SystemError():  # the second where C code did not notice the first
            return f"There is not enough memory; {REMEDIES[errno.ENOMEM].text}."
        case RuntimeError() if str(error) == UNSTARTED:
            remedies = REMEDIES[errno.EAGAIN].text, REMEDIES[errno.ENOMEM].text
            return f"No thread can be started; {', or '.join(remedies)}."
        case ImportError():
            return (
                f"A module cannot be loaded: {_origin(error)}. Install aklo-trace again, or, if it "
                f"is for want of memory, {REMEDIES[errno.ENOMEM].text}."
            )
    return (
        f"{type(error).__name__}: {error}. The trace is damaged, or that is a fault of aklo-trace: "
        "--debug shows where."
    )


def _origin(error: BaseException) -> BaseException:
    """The error that led to this one: numpy wraps it in a page of advice."""
    return _origin(error.__cause__) if error.__cause__ else error


def _answered(arguments: Sequence[str]) -> int:
    if not arguments or arguments[0] in {"-h", "--help", "help"}:
        return _help(sys.stdout if arguments else sys.stderr, 0 if arguments else 2)
    if arguments[0] == "--version":
        print(f"aklo-trace {__version__}")
        return 0
    return _run(arguments)


def _prepare_streams() -> None:
    """Where a standard stream was closed Python has none; and where its encoding lacks a
    character, that is no reason to fail."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, Path(os.devnull).open("w"))  # noqa: SIM115
        elif isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def _give_up_output() -> None:
    """Let go of what cannot be written, which else would be tried again at exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _is_taken(descriptor: int, patience_s: float) -> bool:
    waiting = select.poll()
    waiting.register(descriptor, select.POLLOUT)
    return bool(waiting.poll(patience_s * 1000))


class _Parser(argparse.ArgumentParser):
    failed = UsageError.exit_status

    def error(self, message: str) -> NoReturn:
        super().error(escape(message))

    def exit(self, status: int = 0, message: str | None = None) -> NoReturn:
        super().exit(self.failed if status else 0, message)


class _HelpFormatter(argparse.RawDescriptionHelpFormatter):
    def _fill_text(self, text: str, width: int, indent: str) -> str:
        """Paragraphs fitted to the width; what is indented, as a table is, stays as it is."""
        paragraphs = text.strip("\n").split("\n\n")
        return "\n\n".join(
            part if "\n " in part else textwrap.fill(part, width, initial_indent=indent)
            for part in paragraphs
        )


def _run(arguments: Sequence[str]) -> int:
    named = arguments[0] in COMMANDS
    name, rest = (arguments[0], arguments[1:]) if named else (RECORD, arguments)
    options = parser_of(name).parse_args(rest)
    try:
        return command_of(name).run(options)
    except Exception:
        if options.debug:
            print_traceback()
        raise


def command_of(name: str) -> Command:
    """The module of a verb."""
    module = f"aklo_trace.commands.{name.replace('-', '_')}" + ("_" if name == "import" else "")
    return cast("Command", importlib.import_module(module))


def parser_of(name: str) -> argparse.ArgumentParser:
    """What a verb takes."""
    command = command_of(name)
    parser = _Parser(
        prog=f"aklo-trace {name}",
        description=command.__doc__,
        formatter_class=_HelpFormatter,
        allow_abbrev=False,
    )
    if name == RECORD:
        parser.failed = TRACER_FAILED
    parser.add_argument("--debug", action="store_true", help="show the traceback of an error")
    command.configure(parser)
    return parser


def _help(stream: object, status: int) -> int:
    width = max(map(len, COMMANDS))
    verbs = "".join(f"  {name:<{width}}  {text}\n" for name, text in COMMANDS.items())
    print(USAGE + "verbs:\n" + verbs + EPILOG, end="", file=cast("None", stream))
    return status
