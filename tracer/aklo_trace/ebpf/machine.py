"""Where the parts are that depend on the machine."""

from __future__ import annotations

import platform
from pathlib import Path
from typing import Final

BTF: Final = Path("/sys/kernel/btf/vmlinux")
COMPAT_MACHINE: Final = {"x86_64": "i386"}
"""The machine whose numbers 32-bit calls have; arm's own are not in the table."""


def object_path() -> Path:
    """The BPF object for this machine, which may not have been built."""
    return Path(__file__).with_name(f"aklo_trace.{platform.machine()}.bpf.o")
