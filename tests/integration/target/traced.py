"""Runs a command under one engine, as a user would: traced.py ENGINE STORE -- COMMAND.

Each trace gets a folder of its own in STORE.
"""

from __future__ import annotations

import sys
import uuid

from aklo_trace.cli import main

engine, store, *command = sys.argv[1:]
options = ["--quiet", "--engine", engine, "-o", f"{store}/{uuid.uuid4()}"]
sys.exit(main(["record", *options, *command]))
