"""Run a command as whoever asked for it, untraced, and write down how it went.

    python -m aklo_trace.benchmarking.untraced FILE COMMAND...

It is held and released as a command that is traced, so that their times can be compared.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

from aklo_trace.errors import AkloTraceError
from aklo_trace.identity import invoking
from aklo_trace.supervise import supervise
from aklo_trace.target import hold


def main(arguments: list[str]) -> None:
    file, *words = arguments
    try:
        held = hold([os.fsencode(word) for word in words], invoking())
    except AkloTraceError as error:
        found: dict[str, object] = {"failure": str(error), "status": error.exit_status}
    else:
        held.release()
        outcome = supervise(held)
        found = {
            "failure": str(outcome.failure) if outcome.failure else None,
            "status": outcome.shell_status,
            "wall_ns": outcome.ended_ns - outcome.started_ns,
        }
    Path(file).write_text(json.dumps(found))


if __name__ == "__main__":
    main(sys.argv[1:])
