"""Where the user who runs a command keeps traces."""

from __future__ import annotations

import os
from pathlib import Path

from aklo_trace import location
from aklo_trace.identity import Identity, drop_privileges, invoking


def places_of(identity: Identity) -> list[Path]:
    """The stores of a user, the one for new traces first."""
    pairs = (entry.partition(b"=") for entry in identity.environ)
    environ = {os.fsdecode(name): os.fsdecode(value) for name, _, value in pairs}
    return location.stores(working_directory() or Path("/"), environ, Path(identity.home))


def working_directory() -> Path | None:
    """None if it was removed."""
    try:
        return Path.cwd()
    except FileNotFoundError:
        return None


def find_trace(name: str) -> Path:
    """The trace that a command was given, looked for as the invoking user, whom this process
    becomes: reading what a trace names needs no privilege."""
    identity = invoking()
    drop_privileges(identity)
    return location.find(name, places_of(identity))
