"""Device numbers as the kernel packs them: major << 20 | minor; makedev(3) spreads the bits."""

from __future__ import annotations

import os

MINOR_BITS = 20


def packed(dev: int) -> int:
    """The kernel's number of a device that is as stat(2) has it."""
    return os.major(dev) << MINOR_BITS | os.minor(dev)


def unpacked(dev: int) -> int:
    """The other way round."""
    return os.makedev(dev >> MINOR_BITS, dev & (1 << MINOR_BITS) - 1)
