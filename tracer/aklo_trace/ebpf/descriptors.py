"""How many files a process may have open that holds maps, programs and links."""

from __future__ import annotations

import resource
from typing import Final

from aklo_trace.errors import CaptureError

NEEDED: Final = 78
"""Beside one for the timer of each CPU: of maps, programs, links, and what is open anyway."""


def allow_descriptors(cpus: int) -> None:
    """Raise our own limit as far as we may: the target has its own by now. Raises CaptureError
    where that is not far enough."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    needed = NEEDED + cpus
    if needed > hard != resource.RLIM_INFINITY:
        hard = _raised(needed, hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def _raised(needed: int, hard: int) -> int:
    """`needed`, now the hard limit."""
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (needed, needed))
    except (ValueError, OSError) as error:
        raise CaptureError(
            f"it needs {needed} files open at once, and may not have more than {hard}. Raise the "
            "limit on open files: 'ulimit -n 1024', in a shell whose hard limit ('ulimit -Hn') "
            "allows that, before aklo-trace, or before sudo"
        ) from error
    return needed
