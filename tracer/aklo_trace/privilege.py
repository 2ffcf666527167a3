"""Giving up privilege: becoming a user, and making sure that there is no way back."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from aklo_trace import libc
from aklo_trace.errors import CaptureError

ROOTS_WAY_TO_FILES: Final = sum(1 << capability for capability in (1, 2, 3, 5))
"""CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH, CAP_FOWNER and CAP_KILL, of <linux/capability.h>:
what root needs to write where it may and to signal its children. None is a privilege over
the kernel."""

CAP_SYS_ADMIN, CAP_PERFMON, CAP_BPF = 21, 38, 39
BECOMING_USERS: Final = sum(1 << capability for capability in (6, 7))
"""CAP_SETGID and CAP_SETUID: what is needed to write each user's files as that user."""

_SETS: Final = ("CapInh", "CapPrm", "CapEff", "CapAmb")


def become(uid: int, gid: int, groups: Sequence[int]) -> None:
    """Take on the ids of a user, all of them. Raises CaptureError if that is not permitted."""
    try:
        os.setgroups(groups)
        os.setresgid(gid, gid, gid)
        os.setresuid(uid, uid, uid)
    except OSError as error:
        raise CaptureError(
            f"cannot become user {uid}, group {gid}: {error.strerror}; this needs root with "
            "CAP_SETUID and CAP_SETGID (a container may withhold them, or not map the user)"
        ) from error


def renounce(kept: int = 0) -> None:
    """Give up every capability outside the mask `kept`, for good: exec can't win one back.

    No other process of the same user may trace or read this one afterwards, since it may
    hold what a privileged process opened. Raises CaptureError.
    """
    try:
        libc.capset(kept & _capabilities("self")["CapPrm"])
        libc.prctl(libc.PR_SET_NO_NEW_PRIVS, 1)
        libc.prctl(libc.PR_SET_DUMPABLE, 0)
    except OSError as error:
        raise CaptureError(f"cannot give up privileges: {error.strerror}") from error


def verify(uid: int, gid: int, kept: int = 0) -> None:
    """Raises CaptureError if a thread of this process is more than that user with `kept`."""
    for task in Path("/proc/self/task").iterdir():
        held = _capabilities(f"self/task/{task.name}")
        if any(held[name] & ~kept for name in _SETS):
            raise CaptureError(f"thread {task.name} still holds capabilities: {held}")
    if os.getresuid() != (uid, uid, uid) or os.getresgid() != (gid, gid, gid):
        raise CaptureError(f"ids are {os.getresuid()} and {os.getresgid()}, not those of {uid}")
    if uid != 0 and _can_return():
        raise CaptureError(f"user {uid} was able to become root again")


def has_capability(capability: int) -> bool:
    """Whether it is in effect in this process."""
    return bool(_capabilities("self")["CapEff"] >> capability & 1)


def _can_return() -> bool:
    try:
        os.setresuid(0, 0, 0)
    except PermissionError:
        return False
    return True


def _capabilities(process: str) -> dict[str, int]:
    lines = Path(f"/proc/{process}/status").read_text("utf-8", "replace").splitlines()
    pairs = (line.split(":\t", 1) for line in lines if line.startswith("Cap"))
    return {name: int(mask, 16) for name, mask in pairs}
