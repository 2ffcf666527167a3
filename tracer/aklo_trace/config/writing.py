"""Writing files of configuration: one key, or the whole that somebody has edited.

A file is replaced as a whole, with its permissions and its owner; what it was before stays beside
it, as `FILE.bak`. Comments, order and spacing stay as they are.
"""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from aklo_trace import location
from aklo_trace.config import aklo_edit, toml_edit
from aklo_trace.config.configuration import MODEL, Configuration, unknown
from aklo_trace.config.entry import PROJECT, USER
from aklo_trace.config.files import MOST_BYTES
from aklo_trace.config.kinds import Value, shown
from aklo_trace.config.model import ANY, RULE_THRESHOLD, Key
from aklo_trace.errors import StoreError, UsageError, reason_of, remedy_of
from aklo_trace.plain_file import read_plain, write_whole

BACKUP: Final = ".bak"
PRIVATE, PUBLIC = 0o600, 0o644
"""Modes of new files: the user's own, and a project's, which is shared as its other files are."""


@dataclass(frozen=True, slots=True)
class Named:
    """A key with its name, where there can be many of its table with that of the table."""

    name: str
    key: Key

    @property
    def is_part(self) -> bool:
        """Whether it is of a table that counts as a whole, and is written one key at a time."""
        return ANY in self.key.name and self.key.name != RULE_THRESHOLD

    def checked(self, given: str) -> Value:
        """Raises UsageError."""
        try:
            return self.key.checked(given)
        except ValueError:
            allowed = self.key.kind.allowed
            raise UsageError(f"{self.name} must be {allowed}, not {shown(given)}.") from None


@dataclass(frozen=True, slots=True)
class Target:
    """A file to write to. `text` is what stands in it, if it is there."""

    path: Path
    level: str
    text: str

    def with_value(self, named: Named, given: str) -> str:
        """Its text with another value. Raises UsageError."""
        value = named.checked(given)
        try:
            if self.level == PROJECT:
                return aklo_edit.with_value(self.text, named.name, named.key, given, MODEL)
            return toml_edit.with_value(self.text, named.name, value)
        except ValueError as error:
            raise UsageError(f"{named.name} cannot be set in {self.path}: {error}.") from error

    def without(self, named: Named) -> str:
        """Its text without the key. Raises UsageError."""
        try:
            if self.level == PROJECT:
                return aklo_edit.without(self.text, named.name, MODEL)
            return toml_edit.without(self.text, named.name)
        except ValueError as error:
            raise UsageError(f"{self.path} cannot be changed: {error}.") from error

    def write(self, text: str) -> None:
        """Raises StoreError."""
        try:
            _replace(Path(os.path.realpath(self.path)), text.encode("utf-8"), self.level)
        except OSError as error:
            raise StoreError(
                f"{self.path} cannot be written: {reason_of(error)}; {remedy_of(error)}."
            ) from error


def named(name: str) -> Named:
    """The key of a name, or of that which aklo has for it. Raises UsageError."""
    if found := MODEL.find(name):
        return Named(*found)
    if key := MODEL.of_aklo(name):
        return Named(key.name, key)
    why = unknown(name)
    raise UsageError(f"{name} {why}{'' if why.endswith('?') else '.'}")


def target(configuration: Configuration, of_project: bool, file: Path | None) -> Target:
    """The file that is meant: one that is named, that of the project, or the user's. Raises
    UsageError, StoreError."""
    if file is not None:
        level = PROJECT if file.name == location.PROJECT_FILE else USER
        return _target(Path(os.path.abspath(file)), level)  # noqa: PTH100 - links stay
    level = PROJECT if of_project else USER
    for found in configuration.files:
        if found.level == level:
            return _target(Path(found.path), level)
    raise UsageError(
        f"There is no project here: none of the folders upwards has a file {location.PROJECT_FILE} "
        "of yours. Make one, or leave --project out."
    )


def _target(path: Path, level: str) -> Target:
    try:
        return Target(path, level, read_plain(path, MOST_BYTES).decode("utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        return Target(path, level, "")
    except UnicodeDecodeError as error:
        raise StoreError(f"{path} is not UTF-8: put that right first.") from error
    except OSError as error:
        raise StoreError(f"{path} cannot be read: {reason_of(error)}.") from error


def _replace(path: Path, raw: bytes, level: str) -> None:
    try:
        before = path.stat()
    except FileNotFoundError:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        write_whole(path, raw, PUBLIC if level == PROJECT else PRIVATE)
        return
    backup = path.with_name(path.name + BACKUP)
    for file, content in ((backup, path.read_bytes()), (path, raw)):
        write_whole(file, content, stat.S_IMODE(before.st_mode), before)
