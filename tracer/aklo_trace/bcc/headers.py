"""What bcc compiles, and the kernel headers that it compiles with.

bcc looks for those of the running kernel. Where there are none, others will do: the programs
read no struct that they describe.
"""

from __future__ import annotations

import platform
from dataclasses import dataclass
from pathlib import Path
from typing import Final

SOURCE: Final = Path(__file__).with_name("source") / "aklo_trace.bcc.c"
"""Put there, with what it includes, when the BPF object is built."""
STAMP_FILE: Final = "layout.stamp"
"""Beside it: of the layout that it has, as `aklo_trace.ebpf.layout.stamp` has it."""
PLACES: Final = (Path("/usr/src"), Path("/usr/src/kernels"))
"""Where Debian and Ubuntu, and Fedora, install them."""
OWN: Final = ("/lib/modules/{release}/build", "/sys/kernel/kheaders.tar.xz")
"""Where bcc finds those of the running kernel by itself."""
ARCHITECTURES: Final = {"x86_64": "x86", "aarch64": "arm64"}
CONFIGURED: Final = "include/generated/autoconf.h"
COMPLETE: Final = "include/linux/kconfig.h"


@dataclass(frozen=True)
class Headers:
    """What bcc needs to be told: variables of its environment, and flags for its compiler."""

    environ: dict[str, str]
    flags: tuple[str, ...]


def find_headers(
    places: tuple[Path, ...] = PLACES, own: tuple[str, ...] = OWN, machine: str = ""
) -> Headers | None:
    """Those of the running kernel, else the newest that are installed; None if there are none."""
    if any(Path(path.format(release=platform.release())).exists() for path in own):
        return Headers({}, ())
    architecture = ARCHITECTURES.get(machine or platform.machine(), "")
    trees = [tree for place in places if place.is_dir() for tree in place.iterdir()]
    for tree in sorted(trees, key=_version, reverse=True):
        generated = tree / "arch" / architecture / "include/generated"
        source = _source_of(tree)
        if source and (tree / CONFIGURED).exists() and generated.is_dir():
            folders = (
                tree / "include",
                tree / "include/generated/uapi",
                generated,
                generated / "uapi",
            )
            return Headers(
                {"BCC_KERNEL_SOURCE": str(source)}, tuple(f"-I{folder}" for folder in folders)
            )
    return None


def _source_of(tree: Path) -> Path | None:
    """The tree that holds what does not depend on the configuration: itself, or the one of
    Debian's that is common to all of a version."""
    if (tree / COMPLETE).exists():
        return tree
    stem = tree.name
    while "-" in stem:
        stem = stem.rpartition("-")[0]
        common = tree.with_name(f"{stem}-common")
        if (common / COMPLETE).exists():
            return common
    return None


def _version(tree: Path) -> list[int]:
    digits = "".join(letter if letter.isdigit() else " " for letter in tree.name)
    return [int(number) for number in digits.split()]
