"""What a shell can do by itself: which one it is, and of which version."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from aklo_analysis.causes import BASH
from aklo_analysis.program import base_name
from aklo_trace.shell_names import BOURNE

Version = tuple[int, int]

OLDEST: Final[Version] = (4, 4)
"""The bash that is taken for one whose version is not known."""


@dataclass(frozen=True, slots=True)
class Dialect:
    """`bash`: its version; None for another shell, which is only taken to know what POSIX asks
    of sh."""

    bash: Version | None

    def is_bash(self, *version: int) -> bool:
        """Whether it is bash, and at least of this version."""
        return self.bash is not None and self.bash >= version


POSIX: Final = Dialect(None)


def dialect_of(shell: str | None, exe: str | None) -> Dialect | None:
    """That of an image, by its columns `shell` and `exe`; None if it is no shell."""
    program = base_name(exe) if exe else ""
    if shell is None and program not in (BASH, *BOURNE):
        return None
    found = re.fullmatch(r"bash (\d+)\.(\d+).*", shell or "")
    if found:
        return Dialect((int(found[1]), int(found[2])))
    return Dialect(OLDEST) if BASH in (shell, program) else POSIX
