"""Put a wrapper before aklo on PATH, so that every command is traced and stored.

It is a small script called aklo in a directory that precedes the real one. 'aklo status' then ends
with the dashboard, and 'aklo cache status' and 'aklo cache benchmark' with what was measured. It
refuses to replace what it did not write; 'aklo-trace uninstall-wrapper' takes it away.

Tracing needs root, the service of 'aklo-trace watch', or --helper: a copy of the Python interpreter
that holds the capabilities BPF and PERFMON, which root makes for the members of a group. With these
capabilities one can look at every process of the host: they are for people who may do that.
"""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from aklo_trace import wrapper
from aklo_trace.errors import UsageError
from aklo_trace.escape import escape
from aklo_trace.identity import drop_privileges, invoking


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--dir", metavar="DIR", type=Path, help="where to put it")
    parser.add_argument("--helper", metavar="GROUP", help="make the helper, for this group")


def run(options: argparse.Namespace) -> int:
    if options.helper:
        if os.geteuid() != 0:
            raise UsageError("--helper: only root can give a file capabilities. Put sudo before.")
        print(escape(f"helper: {wrapper.install_helper(options.helper)}, for {options.helper}"))
        if options.dir is None:
            return 0
    search_path = os.environ.get("PATH", os.defpath)
    folder = wrapper.place(search_path, options.dir)
    user = invoking()
    if folder.is_dir() and folder.stat().st_uid == user.uid and not user.is_ours:
        drop_privileges(user)  # what is in a directory of theirs is theirs
    path = wrapper.install(folder)
    print(escape(f"wrapper: {path}, before {wrapper.real(search_path)}"))
    return 0
