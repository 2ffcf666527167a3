"""Say which engines can run here, why the others cannot, and what to do about it.

The exit status is 0 when an engine can run, 4 when none can.
"""

from __future__ import annotations

import argparse
import platform
import shutil
import textwrap
from typing import Final

from aklo_trace import __version__
from aklo_trace.engine import Feature
from aklo_trace.engines import ENGINES
from aklo_trace.errors import EngineUnavailable
from aklo_trace.escape import escape

WIDEST: Final = 100
INDENT: Final = " " * 11


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
        usable = "usable" if capability.usable else "not usable"
        print(_filled(f"{usable}: {escape(capability.reason)}", f"  {engine.name:<8} "))
        if engine.lacks:
            print(_filled(f"without: {', '.join(f for f in Feature if f in engine.lacks)}"))
        if capability.fix:
            print(_filled(f"to do: {escape(capability.fix)}"))
    print(f"\nA recording takes {best}." if best else "\nNo engine can run here.")
    return 0 if best else EngineUnavailable.exit_status


def _filled(text: str, before: str = INDENT) -> str:
    width = min(shutil.get_terminal_size().columns, WIDEST)
    return textwrap.fill(text, width, initial_indent=before, subsequent_indent=INDENT)
