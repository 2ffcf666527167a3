"""Record what a shell program really does: every syscall, every child process.

The functions for programs are those of `aklo_trace.api`; they are imported when they are asked for,
so that a recording process does without.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any, Final

__version__ = "0.1.0"
PROGRAM: Final = (sys.executable, "-P", "-m", "aklo_trace")
"""How this very aklo-trace is started, whatever modules lie in the working directory."""

if TYPE_CHECKING:
    from aklo_trace.api import (
        Monitoring,
        check_performance_alerts,
        cleanup_old_metrics,
        generate_io_report,
        show_io_dashboard,
        start_io_monitoring,
        track_io_operation,
    )

__all__ = [
    "Monitoring",
    "check_performance_alerts",
    "cleanup_old_metrics",
    "generate_io_report",
    "show_io_dashboard",
    "start_io_monitoring",
    "track_io_operation",
]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from aklo_trace import api

    return getattr(api, name)
