"""Where the parts are that depend on the machine."""

from __future__ import annotations

import platform
from collections.abc import Iterator
from pathlib import Path
from typing import Final

CPUS: Final = Path("/sys/devices/system/cpu")
BTF: Final = Path("/sys/kernel/btf/vmlinux")
COMPAT_MACHINE: Final = {"x86_64": "i386"}
"""The machine whose numbers 32-bit calls have; arm's own are not in the table."""


def object_path() -> Path:
    """The BPF object for this machine, which may not have been built."""
    return Path(__file__).with_name(f"aklo_trace.{platform.machine()}.bpf.o")


def cpus_of(text: str) -> Iterator[int]:
    """The CPUs of a list like ``0-3,5``."""
    for part in text.strip().split(","):
        first, _, last = part.partition("-")
        yield from range(int(first), int(last or first) + 1)


def possible_cpus() -> int:
    """How many CPUs there can ever be."""
    return max(cpus_of((CPUS / "possible").read_text())) + 1
