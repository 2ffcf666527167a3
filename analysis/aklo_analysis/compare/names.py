"""Names that mean the same in two traces, though they are not the same.

A name made for one run, as by mktemp, is another in each; and a tool that was copied elsewhere has
all its files under another directory.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
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


def moved(before: Iterable[str], after: Iterable[str]) -> tuple[str, str] | None:
    """The directory that files were in before, and the one that most of them are in now, where
    that is another; both end with a slash."""
    old, new = {*before}, {*after}
    of_name = defaultdict[str, list[str]](list)
    for path in old - new:
        of_name[path.rpartition("/")[2]].append(path)
    roots = Counter[tuple[str, str]]()
    for path in new - old:
        found = [_roots(candidate, path) for candidate in of_name[path.rpartition("/")[2]]]
        roots.update(found[:1] if len(found) == 1 else [])
    most = roots.most_common(1)
    return most[0][0] if most and most[0][1] * 2 > len(new - old) else None


def _roots(before: str, after: str) -> tuple[str, str]:
    """Two paths without the names at the end that are the same."""
    old, new = before.split("/"), after.split("/")
    while len(old) > 1 and len(new) > 1 and old[-1] == new[-1]:
        old.pop()
        new.pop()
    return "/".join(old) + "/", "/".join(new) + "/"
