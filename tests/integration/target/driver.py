"""The life of a target without any tracing: hold, release, supervise, exit.

    driver.py [--user NAME] [--ptracer] [--held FILE] -- CMD...

With --held it makes FILE (with the pids of itself and of the target) once the target is
held, and releases it when FILE is gone.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from pathlib import Path

from aklo_trace.errors import AkloTraceError
from aklo_trace.identity import drop_privileges, invoking, named
from aklo_trace.supervise import exit_as, supervise
from aklo_trace.target import HeldTarget, abandon_inherited_files, hold


def _await_removal(file: Path, held: HeldTarget) -> None:
    draft = file.with_suffix(".new")
    draft.write_text(f"{os.getpid()} {held.pid}")
    draft.rename(file)
    while file.exists():
        time.sleep(0.01)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--user")
    parser.add_argument("--ptracer", action="store_true")
    parser.add_argument("--held", type=Path)
    parser.add_argument("command", nargs=argparse.REMAINDER)
    options = parser.parse_args()
    argv = [os.fsencode(word) for word in options.command[1:]]
    try:
        identity = named(options.user) if options.user else invoking()
        held = hold(argv, identity, ptracer=options.ptracer)
        abandon_inherited_files()
        drop_privileges(identity)
        if options.held:
            _await_removal(options.held, held)
        held.release()
        outcome = supervise(held)
    except AkloTraceError as error:
        print(f"driver: {error}", file=sys.stderr)
        sys.exit(error.exit_status)
    held.unblock_signals()
    if outcome.failure:
        print(f"driver: {outcome.failure}", file=sys.stderr)
    exit_as(outcome)


main()
