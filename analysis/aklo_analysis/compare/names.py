"""Names that mean the same in two traces, though they are not the same.

A name made for one run, as by mktemp, is another in each; and a tool that was copied elsewhere has
all its files under another directory.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

ANY: Final = "*"
"""Stands for what is another in each run."""

_WORD: Final = re.compile(r"[A-Za-z0-9]+")
_SHORTEST: Final = 6
"""Characters that mktemp fills in, at least."""
_LONG_NUMBER: Final = 4
"""Digits of a number that may be a pid or a time; one below /proc is always a pid."""
_DIGEST: Final = re.compile(r"(?=[a-f]*[0-9])[0-9a-f]{12,}")
_SPOKEN: Final = re.compile(r"[a-z0-9]+|[A-Z]+[0-9]*|([A-Z][a-z]+)+[0-9]*")
_PROCESS: Final = re.compile(r"(?<=/proc/)[0-9]+")
_BESIDE: Final = r"""\s"'`=:,;()<>"""
"""Characters beside a path in a command, as of a regular expression."""


@dataclass(frozen=True, slots=True)
class Move:
    """The directory that files were in before, and the one that they are in now."""

    before: str
    after: str

    def path_before(self, path: str) -> str:
        """What a path of now was before."""
        if path != self.after and not path.startswith(f"{self.after}/"):
            return path
        return self.before + path.removeprefix(self.after)

    def command_before(self, command: str) -> str:
        """A command with the paths that it would have had before."""
        path = rf"(?<![^{_BESIDE}]){re.escape(self.after)}(?![^/{_BESIDE}])"
        return re.sub(path, lambda _: self.before, command)


def shape(name: str) -> str:
    """The name with `ANY` for every word that looks made up: a long number, a digest, or one that
    mixes capitals with small letters or digits as no word does."""
    return _WORD.sub(lambda word: ANY if _is_made_up(word[0]) else word[0], _PROCESS.sub(ANY, name))


def _is_made_up(word: str) -> bool:
    if word.isdigit():
        return len(word) >= _LONG_NUMBER
    is_odd = not _SPOKEN.fullmatch(word) or bool(_DIGEST.fullmatch(word))
    return len(word) >= _SHORTEST and is_odd


def shared(runs: Iterable[Iterable[str]]) -> Mapping[str, str]:
    """For every name of some runs what it is called in all of them. One that every run has is its
    own; another has its `shape`, if more than one name has that."""
    names = [{*run} for run in runs]
    everywhere = set.intersection(*names) if names else set[str]()
    others = set[str]().union(*names) - everywhere
    shapes = {name: shape(name) for name in others}
    count = Counter(shapes.values())
    found = {name: name for name in everywhere}
    return found | {name: form if count[form] > 1 else name for name, form in shapes.items()}


def moved(before: Iterable[str], after: Iterable[str]) -> Move | None:
    """Where most of the files that are not where they were are now, if that is one directory."""
    old, new = {*before}, {*after}
    of_name = defaultdict[str, list[str]](list)
    for path in old - new:
        of_name[path.rpartition("/")[2]].append(path)
    moves = Counter[Move]()
    for path in new - old:
        found = [_move(candidate, path) for candidate in of_name[path.rpartition("/")[2]]]
        moves.update(found[:1] if len(found) == 1 else [])
    most = moves.most_common(1)
    return most[0][0] if most and most[0][1] * 2 > len(new - old) else None


def _move(before: str, after: str) -> Move:
    """Two paths without the names at the end that are the same, but never `/`: everything is in
    that, whether it was moved or not."""
    old, new = before.split("/"), after.split("/")
    while old[-1] == new[-1] and any(old[:-1]) and any(new[:-1]):
        old.pop()
        new.pop()
    return Move("/".join(old), "/".join(new))
