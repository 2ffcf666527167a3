"""Run a command again and again, cold and warm, and say what its caches really give.

Cold runs, before which the caches are emptied by --cold, and warm ones come in turn, each traced
and untraced, so that the tracer's own cost is known too. What the command writes is kept apart. The
first run that fails ends it, unless --ignore-failure is given; after Ctrl-C there is a report of
the runs that were made.
"""

from __future__ import annotations

import argparse
import os
import shlex
import shutil
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

from aklo_trace import address_space
from aklo_trace.benchmarking.plan import Arm, Planned, arms, plan
from aklo_trace.benchmarking.running import Ran, Runner
from aklo_trace.cli import INTERRUPTED
from aklo_trace.errand import read_as
from aklo_trace.errors import StoreError, TargetError, UsageError, reason_of, remedy_at
from aklo_trace.identity import Identity, invoking
from aklo_trace.location import expanded
from aklo_trace.places import Asker, become_asker
from aklo_trace.presentation import add_color, configure_options, look_of

if TYPE_CHECKING:
    from aklo_analysis.benchmark.result import Benchmark

FORMATS: Final = ("text", "markdown", "json")
FAILED: Final = "\n"
"""No path begins so."""
CLEAR_LINE: Final = "\r\x1b[K"
MOST_RUNS: Final = 1000


def configure(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("--runs", type=_number, default=10, metavar="N", help="runs of each kind (default: 10)")
    add("--warmup", type=_number, default=1, metavar="N", help="runs before, not counted (1)")
    add("--cold", metavar="COMMAND", help="what empties the caches, run before each cold run")
    add("--ignore-failure", action="store_true", help="go on after a run that failed")
    add("--engine", metavar="NAME", help="auto (default), ebpf, bcc or strace")
    add("--function-calls", action="store_true", help="record every call of a bash function")
    add("-o", "--output", metavar="DIR", type=Path, help="keep the traces there")
    add("--format", choices=FORMATS, default="text", help="of the report")
    add_color(parser)
    add("command", nargs=argparse.REMAINDER, metavar="-- COMMAND", help="what to run")


def run(options: argparse.Namespace) -> int:
    if not options.runs:
        raise UsageError("--runs: there must be one or more.")
    words, owner = _command(options.command), invoking()
    cold = _cold(options.cold, owner)
    with _folder(options.output, owner) as folder:
        runner = Runner(folder, words, cold, _recording(options))
        wanted = [*plan(options.runs, options.warmup, bool(cold))]
        done, is_whole = _all(runner, wanted, options.ignore_failure)
        asker = become_asker()
        configure_options(options, asker)
        if not done:
            return INTERRUPTED
        found = _result(words, arms(bool(cold)), done, is_whole, asker)
    _print(found, options)
    return 0 if is_whole else INTERRUPTED


def _number(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and int(text) <= MOST_RUNS):
        raise argparse.ArgumentTypeError(f"'{text}' is not a number from 0 to {MOST_RUNS}")
    return int(text)


def _command(words: list[str]) -> list[str]:
    if words[:1] != ["--"] or len(words) == 1:
        raise UsageError("There is no command to run: aklo-trace benchmark -- COMMAND [ARG...]")
    return words[1:]


def _cold(text: str | None, owner: Identity) -> list[str]:
    """The words of --cold, as a shell has them, with ``~/`` for the home directory; there is no
    shell, and nothing else is expanded."""
    if text is None:
        return []
    try:
        words = shlex.split(text)
    except ValueError as error:
        raise UsageError(f"--cold: {error}.") from None
    if not words:
        raise UsageError("--cold: there is no command.")
    return [str(expanded(word, owner.home)) if word.startswith("~/") else word for word in words]


def _recording(options: argparse.Namespace) -> list[str]:
    words = ["--engine", options.engine] if options.engine else []
    return [*words, "--function-calls"] if options.function_calls else words


@contextmanager
def _folder(wanted: Path | None, owner: Identity) -> Iterator[Path]:
    """A new folder for traces, made by the user; without `wanted` it is removed."""
    made = os.fsdecode(read_as(owner, lambda: os.fsencode(_made(wanted))))
    if made.startswith(FAILED):
        raise StoreError(made.removeprefix(FAILED))
    try:
        yield Path(made)
    finally:
        if wanted is None:
            shutil.rmtree(made, ignore_errors=True)


def _made(wanted: Path | None) -> str:
    """The folder, or why there can be none."""
    try:
        if wanted is None:
            return tempfile.mkdtemp(prefix="aklo-trace-benchmark.")
        wanted.mkdir(mode=0o700)
    except OSError as error:
        return f"{FAILED}{wanted} cannot be made: {reason_of(error)}. {remedy_at(error)}"
    return str(wanted.absolute())


def _all(runner: Runner, wanted: Sequence[Planned], forgiving: bool) -> tuple[list[Ran], bool]:
    """All runs that count, and whether they are all that were wanted."""
    done: list[Ran] = []
    try:
        for place, planned in enumerate(wanted):
            _progress(f"run {place + 1} of {len(wanted)}: {planned.arm.name}")
            ran = runner.run(planned)
            if ran.status and not forgiving:
                raise TargetError(
                    f"A run ({planned.arm.name}) ended with status {ran.status}. See to that, or "
                    "go on all the same with --ignore-failure.",
                    1,
                )
            if planned.number is not None:
                done.append(ran)
    except KeyboardInterrupt:
        return done, False
    finally:
        _progress("")
    return done, True


def _progress(text: str) -> None:
    if sys.stderr.isatty():
        print(f"{CLEAR_LINE}{text}", end="", file=sys.stderr, flush=True)


def _result(
    words: Sequence[str], kinds: Sequence[Arm], done: Sequence[Ran], is_whole: bool, asker: Asker
) -> Benchmark:
    address_space.check(address_space.REPORT_BYTES)
    from aklo_trace.benchmarking.results import result

    _progress("reading traces")
    found = result(words, done, kinds, is_whole, asker)
    _progress("")
    return found


def _print(found: Benchmark, options: argparse.Namespace) -> None:
    if options.format == "json":
        from aklo_analysis.benchmark import json

        json.write(found, sys.stdout)
        return
    from aklo_analysis.benchmark import written
    from aklo_analysis.reporters.pages import PAGES

    page = PAGES[options.format](sys.stdout, look_of(sys.stdout, options.color))
    written.write(found, page)
