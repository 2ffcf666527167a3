"""Take the wrapper before aklo away.

All wrappers on PATH go, or the one in --dir; and with --helper what was made by install-wrapper
--helper. What aklo-trace did not write, or somebody has changed, is left alone.
"""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from aklo_trace import wrapper
from aklo_trace.errors import UsageError
from aklo_trace.escape import escape


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--dir", metavar="DIR", type=Path, help="where it is")
    parser.add_argument("--helper", action="store_true", help="remove the helper")


def run(options: argparse.Namespace) -> int:
    if options.helper:
        gone = wrapper.remove_helper()
        print(escape(f"removed: {gone}") if gone else "There is no helper.")
        if options.dir is None:
            return 0
    search_path = os.environ.get("PATH", os.defpath)
    found = [path for path in wrapper.on_path(search_path) if wrapper.is_ours(path)]
    if options.dir is not None:
        found = [options.dir / wrapper.NAME]
    if not found:
        raise UsageError("There is no wrapper of aklo-trace on PATH; name its place with --dir.")
    for path in found:
        wrapper.remove(path)
        print(escape(f"removed: {path}"))
    return 0
