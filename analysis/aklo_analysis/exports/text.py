"""What formats say of a trace in words."""

from __future__ import annotations

from aklo_trace.escape import escape_command
from aklo_trace.meta import Meta


def title(meta: Meta) -> str:
    """The command that was traced, or what a trace of no command is of."""
    return escape_command(meta.argv) or f"trace of {meta.started_at}"
