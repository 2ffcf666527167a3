"""Names under which shells are executed."""

from __future__ import annotations

from typing import Final

BOURNE: Final = ("sh", "ash", "dash", "ksh", "ksh93", "mksh", "yash", "zsh")
"""Those that take the words of sh, other than bash."""
