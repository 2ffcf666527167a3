"""How the kernel's own structures call an open file: its inode and the device of its mount, which
stat(2) gives differently on overlay and btrfs. Source: proc_pid_fdinfo(5), proc_pid_mountinfo(5).
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Final

_FIELD: Final = re.compile(r"^(flags|mnt_id|ino):\s*(\d+)$", re.MULTILINE)
_MOUNT: Final = re.compile(r"^(\d+) \d+ (\d+):(\d+) ", re.MULTILINE)


def fdinfo(path: Path) -> dict[str, int]:
    """The fields of a fdinfo that matter: `flags`, `mnt_id`, and `ino`, which kernels before 5.14
    do not tell. Raises OSError."""
    fields = dict(_FIELD.findall(path.read_text("ascii", "replace")))
    return {name: int(value, 8 if name == "flags" else 10) for name, value in fields.items()}


def mount_devices(folder: Path) -> dict[int, int]:
    """By its number, the device of each mount that the process of a folder of /proc sees, as
    makedev(3) has it. Kernel-internal mounts, as of pipes, are not there. Raises OSError."""
    text = folder.joinpath("mountinfo").read_text("utf-8", "surrogateescape")
    return {
        int(mount): os.makedev(int(major), int(minor))
        for mount, major, minor in _MOUNT.findall(text)
    }
