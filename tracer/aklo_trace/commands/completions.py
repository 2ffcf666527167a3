"""Print what makes a shell complete the command line.

Completed are verbs, options, their values, traces, and behind '--' the command that is to be
traced. docs/guide/install.md says where each shell looks for it.
"""

from __future__ import annotations

import argparse
from typing import Final

from aklo_trace.errors import UsageError

SHELLS: Final = ("bash", "zsh", "fish")


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("shell", metavar="SHELL", help=", ".join(SHELLS))


def run(options: argparse.Namespace) -> int:
    if options.shell not in SHELLS:
        raise UsageError(f"There is no completion for '{options.shell}', but {', '.join(SHELLS)}.")
    from aklo_trace.completion.script import script

    print(script(options.shell))
    return 0
