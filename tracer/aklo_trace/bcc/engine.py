"""The engine `bcc`, as the command line sees it.

For kernels that give no type information, or are too old for the engine `ebpf`. What cannot be had
without kernel structs is missing, and null in the tables.
"""

from __future__ import annotations

import platform
from pathlib import Path
from typing import TYPE_CHECKING, Final

from aklo_trace.bcc.headers import ARCHITECTURES, SOURCE, STAMP_FILE, find_headers
from aklo_trace.engine import BUILD, Capability, CaptureOptions, Feature, Recorded, older_kernel
from aklo_trace.errors import CaptureError, UsageError
from aklo_trace.privilege import CAP_SYS_ADMIN, has_capability

if TYPE_CHECKING:  # it is heavy, and --help comes by here
    from aklo_trace.bcc.session import BccSession

KERNEL_NEEDED: Final = (5, 12)
PACKAGES: Final = ("python3/dist-packages/bcc", "python3*/site-packages/bcc")
"""Of Debian and Ubuntu, and of Fedora, below /usr/lib."""
INSTALL_BCC: Final = "install python3-bpfcc (Debian, Ubuntu) or python3-bcc (Fedora)"
INSTALL_HEADERS: Final = (
    "install linux-headers-amd64 (Debian), linux-headers-generic (Ubuntu) or kernel-devel (Fedora);"
    " they may be of another version"
)


class BccEngine:
    """Programs on raw tracepoints and tracepoints, compiled and loaded by bcc."""

    name = "bcc"
    lacks = frozenset(Feature) - {
        Feature.WHOLE_ARGUMENTS,
        Feature.INTERPRETERS,
        Feature.HOST_PIDS,
        Feature.LAST_RESULTS,
        Feature.CPU_TIME,
        Feature.PROGRAM_FILTER,
        Feature.HIDING,
        Feature.SETUID,
    }

    def probe(self) -> Capability:
        for missing in (
            *(_missing_kernel, _missing_package, _missing_sources),
            *(_missing_headers, _missing_privilege),
        ):
            capability = missing()
            if capability:
                return capability
        return Capability(True, "root, bcc and kernel headers are here")

    def load(self, options: CaptureOptions) -> BccSession:
        from aklo_trace.bcc.session import BccSession

        if options.function_calls:
            raise UsageError("--function-calls: bcc sees no functions; the engine ebpf does.")
        package, headers = find_package(), find_headers()
        if package is None or headers is None:
            raise CaptureError(f"{self.probe().reason}; {self.probe().fix}.")
        return BccSession(options, package, headers)

    def read(self, live: Path) -> Recorded:
        from aklo_trace.bcc.recorded import BccRecorded

        return BccRecorded(live, self.lacks)


def find_package(root: Path = Path("/usr/lib")) -> Path | None:
    """bcc's Python package. What the package index calls `bcc` is another project."""
    found = (path for pattern in PACKAGES for path in sorted(root.glob(pattern)))
    return next((path for path in found if (path / "libbcc.py").exists()), None)


def _missing_kernel() -> Capability | None:
    if old := older_kernel(KERNEL_NEEDED):
        return old
    if platform.machine() not in ARCHITECTURES:
        return Capability(False, f"there is no version for {platform.machine()}", "use strace")
    return None


def _missing_package() -> Capability | None:
    if find_package() is None:
        return Capability(False, "bcc's Python package is not installed", INSTALL_BCC)
    return None


def _missing_sources() -> Capability | None:
    from aklo_trace.ebpf.layout import stamp

    if not SOURCE.exists():
        return Capability(False, f"its programs are missing ({SOURCE})", BUILD)
    built = SOURCE.with_name(STAMP_FILE)
    if built.exists() and built.read_text().strip() == f"{stamp():016x}":
        return None
    why = f"its programs ({SOURCE}) are of other sources than this program"
    return Capability(False, why, BUILD)


def _missing_headers() -> Capability | None:
    if find_headers() is not None:
        return None
    return Capability(False, "bcc needs kernel headers to compile with", INSTALL_HEADERS)


def _missing_privilege() -> Capability | None:
    if has_capability(CAP_SYS_ADMIN):
        return None
    return Capability(False, "it needs root", "put sudo before the command")
