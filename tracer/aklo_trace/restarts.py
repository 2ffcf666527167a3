"""The kernel's own error numbers of calls that a signal interrupted, and that are made again, or
fail with EINTR. Source: include/linux/errno.h."""

from __future__ import annotations

from typing import Final

RESTARTS: Final = {
    "ERESTARTSYS": 512,
    "ERESTARTNOINTR": 513,
    "ERESTARTNOHAND": 514,
    "ERESTART_RESTARTBLOCK": 516,
}
RESTART_FIRST, RESTART_LAST = min(RESTARTS.values()), max(RESTARTS.values())
