"""The entry point, of the command and of ``python -m aklo_trace``."""

from __future__ import annotations

import sys
from typing import NoReturn


def run() -> NoReturn:
    from aklo_trace.cli import main

    sys.exit(main(sys.argv[1:]))


if __name__ == "__main__":
    run()
