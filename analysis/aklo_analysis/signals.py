"""The names of signals."""

from __future__ import annotations

import signal


def signal_name(number: int) -> str | None:
    """`SIGKILL`, `SIGRTMIN+3`; None for what is none."""
    if signal.SIGRTMIN < number < signal.SIGRTMAX:
        return f"SIGRTMIN+{number - signal.SIGRTMIN}"
    names = {known.value: known.name for known in signal.Signals}
    return names.get(number)
