"""By which of its threads a process can be looked at."""

from __future__ import annotations

from pathlib import Path
from typing import Final

ENDED: Final = frozenset("ZX")
"""States of proc_pid_stat(5)."""


def living_thread(pid: int) -> int | None:
    """The thread by whose number /proc shows the memory and the files of a process: its first
    one, or if that has ended, as with pthread_exit(3) in main(), another. None if all have.

    Raises OSError if there is no such process.
    """
    if _state(Path(f"/proc/{pid}/stat")) not in ENDED:
        return pid
    others = sorted(int(entry.name) for entry in Path(f"/proc/{pid}/task").iterdir())
    return next((tid for tid in others if _lives(pid, tid)), None)


def _lives(pid: int, tid: int) -> bool:
    try:
        return _state(Path(f"/proc/{pid}/task/{tid}/stat")) not in ENDED
    except OSError:
        return False


def _state(stat: Path) -> str:
    return stat.read_text("utf-8", "replace").rpartition(")")[2].split()[0]
