"""Lines of a script that was edited: which of them is which.

Where both texts are known, lines of the same text, in their order, are the same. Where they are
not, as of a script that is another now, the lines of a function are compared by what was done in
them, and where they stand in it. Without either, by their numbers.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Hashable, Iterator, Mapping, Sequence
from difflib import SequenceMatcher

from aklo_analysis.compare.amounts import Amounts, Entry

Pairs = dict[Entry, Entry]
"""By the line after, the same line before."""


def same_lines(before: Amounts, after: Amounts) -> Pairs:
    """Files of `after` have the names that they had before. A line of which there was none is not
    in it."""
    old, new = _by_file(before.around), _by_file(after.around)
    pairs: Pairs = {}
    for file, of_file in new.items():
        pairs |= dict(_of_file(before, after, file, old.get(file, []), of_file))
    return pairs


def _by_file(lines: Collection[Entry]) -> dict[str | None, list[Entry]]:
    found: dict[str | None, list[Entry]] = defaultdict(list)
    for line in sorted(lines, key=lambda line: (line.number or 0, line.relative, line.name)):
        found[line.file].append(line)
    return found


def _of_file(
    before: Amounts, after: Amounts, file: str | None, old: list[Entry], new: list[Entry]
) -> Iterator[tuple[Entry, Entry]]:
    if is_unchanged(before, after, file):
        yield from ((line, line) for line in new if line in {*old})
        return
    plain = [[line for line in lines if not line.relative] for lines in (old, new)]
    relative = [[line for line in lines if line.relative] for lines in (old, new)]
    if {*plain[0]} <= before.texts.keys() and {*plain[1]} <= after.texts.keys():
        yield from _aligned(plain[0], plain[1], before.texts, after.texts)
    else:
        yield from _by_deeds(before, after, *plain)
    yield from _by_deeds(before, after, *relative)


def _by_deeds(
    before: Amounts, after: Amounts, old: list[Entry], new: list[Entry]
) -> Iterator[tuple[Entry, Entry]]:
    """By what was done in lines of the same function; else by their numbers."""
    pairs: Pairs = {}
    for mine, theirs in _functions(before, after, old, new):
        pairs |= dict(_aligned(mine, theirs, before.does, after.does))
    left = {*old} - {*pairs.values()}
    yield from (pairs | {line: line for line in new if line in left - pairs.keys()}).items()


def is_unchanged(before: Amounts, after: Amounts, file: str | None) -> bool:
    """Whether a script is the same; and so is code of a string, which no file has."""
    if file is None:
        return True
    known = before.meta.scripts.get(file)
    return known is not None and known == after.meta.scripts.get(file)


def _functions(
    before: Amounts, after: Amounts, old: list[Entry], new: list[Entry]
) -> Iterator[tuple[list[Entry], list[Entry]]]:
    """The lines of each function that is there before and after."""
    names = {after.around[line] for line in new}
    for name in sorted(names):
        yield (
            [line for line in old if before.around[line] == name],
            [line for line in new if after.around[line] == name],
        )


def _aligned(
    old: Sequence[Entry],
    new: Sequence[Entry],
    of_old: Mapping[Entry, Hashable],
    of_new: Mapping[Entry, Hashable],
) -> Iterator[tuple[Entry, Entry]]:
    """Lines that look the same, in the same order; and those between two such pairs, if they are
    as many before as after."""
    looks = [of_old.get(line) for line in old], [of_new.get(line) for line in new]
    for kind, a, b, c, d in SequenceMatcher(None, *looks, autojunk=False).get_opcodes():
        if kind == "equal" or (kind == "replace" and b - a == d - c):
            yield from zip(new[c:d], old[a:b], strict=True)
