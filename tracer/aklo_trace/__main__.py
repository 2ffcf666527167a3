"""The entry point, of the command and of ``python -m aklo_trace``."""

from __future__ import annotations

import os
import signal
import sys
import warnings
from typing import NoReturn


def run() -> NoReturn:
    from aklo_trace.cli import INTERRUPTED, main

    if not sys.warnoptions:  # the libraries' words about damaged numbers; ours are said anyway
        warnings.simplefilter("ignore")
    status = main(sys.argv[1:])
    if status == INTERRUPTED:  # as every program ends of Ctrl-C, and without writing on
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        os.kill(os.getpid(), signal.SIGINT)
    sys.exit(status)


if __name__ == "__main__":
    run()
