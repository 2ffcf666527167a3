"""What engines tell differently, besides the features that they declare to lack. docs/engines.md
has the same."""

from __future__ import annotations

from collections.abc import Mapping, Set
from typing import Final

NAMES_NO_DESCRIPTORS: Final[Set[str]] = {"bcc"}
"""The file behind a descriptor is null."""
ASKED_FOR_LINES: Final[Mapping[str, tuple[str, ...]]] = {"strace": ("--shell-lines",)}
"""Where shells say their lines if that is asked for."""
CUTS_ARGUMENTS: Final[Set[str]] = {"strace"}
"""Long arguments, and long lists of them, are cut and flagged so."""
NAMES_SCRIPTS: Final[Set[str]] = {"strace"}
"""The program of a script is the script, and not its interpreter."""
OWN_PIDS: Final[Set[str]] = {"strace"}
"""Pids are those of the tracer's pid namespace, and not of the initial one."""
NO_RESULT_AT_DEATH: Final[Set[str]] = {"strace"}
"""A call that a deadly signal, or another thread's exec, interrupts is unfinished."""
