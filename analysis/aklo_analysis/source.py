"""The text of lines of scripts, as they were when the trace was made."""

from __future__ import annotations

import socket
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from typing import Final

from aklo_analysis.stacks import Line
from aklo_trace import script_content
from aklo_trace.meta import Meta
from aklo_trace.script_content import digest
from aklo_trace.text import decode

AT_END: Final = "the end of the script"
"""What bash calls the line behind the last."""
NO_LINE: Final = "no such line"
NOT_BEGUN: Final = "bash was about to read it, and still had the line of the file that sources it"
LONGEST: Final = 400
"""Characters of a line that are kept."""


@dataclass(frozen=True, slots=True)
class Source:
    """The text of a line without the spaces around it, or else why it is missing."""

    text: str | None
    missing: str | None = None


class Sources:
    """Reads the scripts of a trace, each once, with the rights of this process. A script that
    is not as it was when the trace began is not shown: its lines are others now."""

    def __init__(self, meta: Meta) -> None:
        self._began_ns, self._digests = meta.started_at_ns, meta.scripts
        self._foreign = meta.host not in (None, "", socket.gethostname())
        self._script = cache(self._read)

    def of(self, line: Line) -> Source:
        """Nothing is missing where there is no such text."""
        if line.file is None or line.number is None or line.relative:
            return Source(None)
        return self.line(line.file, line.number)

    def line(self, file: str, number: int) -> Source:
        if self._foreign:
            return Source(None, "recorded on another host")
        found = self._script(file)
        if isinstance(found, str):
            return Source(None, found)
        if number == len(found) + 1:
            return Source(None, AT_END)
        if not 1 <= number <= len(found):
            return Source(None, NO_LINE)
        return Source(decode(found[number - 1].strip())[0][:LONGEST])

    def lines(self, file: str) -> list[bytes] | None:
        """All of a script; None if it cannot be had."""
        found = None if self._foreign else self._script(file)
        return found if isinstance(found, list) else None

    def unchanged(self, file: str, since_ns: int) -> bytes | None:
        """The content of a file that nobody has changed since; None if it cannot be had."""
        if self._foreign or not file.startswith("/"):
            return None
        with suppress(OSError, ValueError):
            content, changed_ns = script_content.read(file)
            return content if changed_ns <= since_ns else None
        return None

    def _read(self, file: str) -> list[bytes] | str:
        """The lines of a script, or why they cannot be had."""
        if not file.startswith("/"):
            return "in an unknown directory"
        try:
            content, changed_ns = script_content.read(file)
            if changed_ns > self._began_ns and digest(content) != self._digests.get(file):
                return "changed since"
            return content.splitlines()
        except OSError as error:
            return (error.strerror or "cannot be read").lower()
        except ValueError:  # a null byte in the name
            return "cannot be read"
