"""What the engine means for the numbers of a report."""

from __future__ import annotations

from typing import Final

from aklo_trace.meta import MEASURED, Meta

STRACE: Final = "strace"
WITHOUT_PLACES: Final = {
    "ebpf": "it was recorded with --no-attribution",
    "bcc": "the engine bcc does not see them; ebpf does",
    STRACE: "strace does not see them; with --shell-lines bash says them, and the engine ebpf sees "
    "them by itself",
}
"""By engine why a trace has no functions and lines of shell code."""
SLOWED: Final = (
    "by strace, which stops the program at each call: all times are longer than without it"
)


def is_slowed(meta: Meta) -> bool:
    """Whether the times are longer than they are without a tracer, by far."""
    return meta.engine == STRACE and meta.timing == MEASURED
