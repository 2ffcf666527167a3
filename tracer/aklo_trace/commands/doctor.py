"""Say which engines can run here, why the others cannot, and what to do about it.

The exit status is 0 when an engine can run, 4 when none can.
"""

from __future__ import annotations

import argparse
import platform
import textwrap
from typing import Final

from aklo_trace import __version__
from aklo_trace.engine import Feature
from aklo_trace.engines import ENGINES
from aklo_trace.errors import EngineUnavailable
from aklo_trace.escape import escape

WIDTH: Final = 100


def configure(parser: argparse.ArgumentParser) -> None:
    del parser


def run(options: argparse.Namespace) -> int:
    del options
    print(f"aklo-trace {__version__}, Python {platform.python_version()}, ", end="")
    print(f"Linux {platform.release()} on {platform.machine()}\n")
    best = ""
    for engine in ENGINES:
        capability = engine.probe()
        best = best or (engine.name if capability.usable else "")
        print(f"  {engine.name:<8} {'usable' if capability.usable else 'not usable'}: ", end="")
        print(escape(capability.reason))
        if engine.lacks:
            print(_indented(f"without: {', '.join(f for f in Feature if f in engine.lacks)}"))
        if capability.fix:
            print(f"           to do: {escape(capability.fix)}")
    print(f"\nA recording takes {best}." if best else "\nNo engine can run here.")
    return 0 if best else EngineUnavailable.exit_status


def _indented(text: str) -> str:
    return textwrap.fill(text, WIDTH, initial_indent=" " * 11, subsequent_indent=" " * 11)
