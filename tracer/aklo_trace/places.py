"""The user who runs a command: with which configuration, and where that user keeps traces."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from aklo_trace import address_space, location
from aklo_trace.cli import complain
from aklo_trace.config.configuration import Configuration, load, unpacked
from aklo_trace.config.entry import Problem
from aklo_trace.config.keys import METRICS_DIR
from aklo_trace.errand import read_as
from aklo_trace.identity import Identity, drop_privileges, invoking


@dataclass(frozen=True)
class Asker:
    """The user who asked for something, and the configuration that is in force for it."""

    identity: Identity
    configuration: Configuration

    @classmethod
    def here(
        cls,
        identity: Identity,
        command: Sequence[str] = (),
        cwd: Path | None = None,
        proposed: Mapping[str, bytes] = MappingProxyType({}),
    ) -> Asker:
        """The user that this process already is. `command` is what is to be traced; `cwd` where
        that was asked for, if not here; `proposed` by path what may come to stand in files."""
        place, home = cwd or working_directory(), Path(identity.home)
        return cls(identity, load(place, identity.variables(), home, command, proposed))

    @classmethod
    def of(cls, identity: Identity, command: Sequence[str] = ()) -> Asker:
        """Reads the configuration as that user. Raises CaptureError."""
        found = read_as(identity, lambda: cls.here(identity, command).configuration.packed())
        return cls(identity, unpacked(found))

    @property
    def data(self) -> Path:
        """Where the user's own data are: traces, and what was trusted."""
        return location.user_store(self.identity.variables(), Path(self.identity.home))

    def stores(self, cwd: Path | None = None) -> list[Path]:
        """The user's stores, the one for new traces first."""
        wanted = self.configuration.value(METRICS_DIR, str)
        place = location.expanded(wanted, self.identity.home)
        return location.stores(cwd or working_directory() or Path("/"), self.data, place)

    def warn(self) -> None:
        """Say what of the configuration cannot be used, all at once."""
        complain_of(self.configuration.problems)


def complain_of(problems: Iterable[Problem]) -> None:
    for problem in problems:
        complain(f"configuration: {problem}")


def working_directory() -> Path | None:
    """None if it was removed."""
    try:
        return Path.cwd()
    except FileNotFoundError:
        return None


def become_asker() -> Asker:
    """The invoking user, whom this process becomes: reading what a trace names needs no
    privilege. What is needed for that is imported only then."""
    address_space.spare()
    identity = invoking()
    drop_privileges(identity)
    return Asker.here(identity)


def find_trace(name: str) -> Path:
    """The trace that a command was given, looked for as the invoking user, whom this process
    becomes."""
    return location.find(name, become_asker().stores())
