"""The engine `ebpf`, as the command line sees it."""

from __future__ import annotations

import platform
from pathlib import Path
from typing import TYPE_CHECKING, Final

from aklo_trace.ebpf.libbpf import LIBRARY, library
from aklo_trace.ebpf.machine import BTF, object_path
from aklo_trace.engine import BUILD, Capability, CaptureOptions, Feature, Recorded, older_kernel
from aklo_trace.privilege import CAP_BPF, CAP_PERFMON, CAP_SYS_ADMIN, has_capability

if TYPE_CHECKING:  # it is heavy, and --help comes by here
    from aklo_trace.ebpf.session import EbpfSession

KERNEL_NEEDED: Final = (5, 17)


class EbpfEngine:
    """Tracepoint programs loaded by libbpf; no compiler or headers at run time."""

    name = "ebpf"
    lacks: frozenset[Feature] = frozenset()

    def probe(self) -> Capability:
        for missing in (_missing_kernel, _missing_library, _missing_object, _missing_privilege):
            capability = missing()
            if capability:
                return capability
        return Capability(True, "root, BTF and libbpf are here")

    def load(self, options: CaptureOptions) -> EbpfSession:
        from aklo_trace.ebpf.session import EbpfSession

        return EbpfSession(options)

    def read(self, live: Path) -> Recorded:
        from aklo_trace.ebpf.reading import EbpfRecorded

        return EbpfRecorded(live)


def _missing_kernel() -> Capability | None:
    if old := older_kernel(KERNEL_NEEDED):
        return old
    if not BTF.exists():
        return Capability(
            False,
            f"the kernel gives no type information ({BTF} is missing)",
            "run a kernel built with CONFIG_DEBUG_INFO_BTF, as the distributions' are",
        )
    return None


def _missing_library() -> Capability | None:
    try:
        library()
    except (OSError, AttributeError):
        return Capability(
            False,
            f"{LIBRARY} is not installed",
            "install libbpf1 (Debian, Ubuntu) or libbpf (Fedora)",
        )
    return None


def _missing_object() -> Capability | None:
    if object_path().exists():
        return None
    return Capability(False, f"there is no BPF object for {platform.machine()}", BUILD)


def _missing_privilege() -> Capability | None:
    if (has_capability(CAP_BPF) and has_capability(CAP_PERFMON)) or has_capability(CAP_SYS_ADMIN):
        return None
    return Capability(
        False, "it needs root (or the capabilities BPF and PERFMON)", "put sudo before the command"
    )
