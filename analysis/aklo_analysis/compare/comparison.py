"""What changed from the traces of one side to those of the other."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import median
from typing import Final

from aklo_analysis.alerts.quantity import DURATION
from aklo_analysis.compare.amounts import (
    COMMAND,
    FILE,
    KINDS,
    LINE,
    MEASURES,
    OF_PARTS,
    TOTAL,
    WHOLE,
    Amounts,
    Entry,
    Measure,
)
from aklo_analysis.compare.lines import is_unchanged, same_lines
from aklo_analysis.compare.names import Move, moved, shared
from aklo_analysis.compare.significance import Tested, can_tell, is_available, tested
from aklo_trace.alerting.standing import command_of
from aklo_trace.meta import Meta

NEW, GONE, MORE, LESS, SAME = "new", "gone", "more", "less", "same"
"""What became of an amount."""
ONE_TRACE, TOO_FEW, EXTRA_LACKS = "one_trace", "too_few", "extra_lacks"
"""Why times are not tested: one of the sides has one trace; both have so few that nothing could be
significant; the package that tests is not installed."""
MADE_UP: Final = (COMMAND, FILE)
"""Kinds of entries whose names may be made up for one run."""
LEAST_SHARE: Final = 0.001
"""Of the wall time: what takes less on either side is not compared by its time."""

Of = Mapping[Entry, Mapping[str, int]]


@dataclass(frozen=True, slots=True)
class Change:
    """`before` and `after` have a value for each trace. `entry` is as it is after, or was if it is
    gone; `number_before` is that of a line before. `source`: the text of a line, if known; of what
    is gone as it was."""

    entry: Entry
    measure: Measure
    before: tuple[int, ...]
    after: tuple[int, ...]
    number_before: int | None = None
    source: str | None = None
    tested: Tested | None = None

    @property
    def is_time(self) -> bool:
        return self.measure.quantity is DURATION

    @property
    def repeats(self) -> bool:
        """Whether it is the same in all traces of each side. Of single traces that is not known."""
        return len({*self.before}) == len({*self.after}) == 1

    @property
    def varies(self) -> bool:
        """Whether a difference can be chance."""
        return not self.repeats and self.state not in (NEW, GONE)

    @property
    def is_sure(self) -> bool:
        """Whether there is a difference that is no chance, as far as the traces tell."""
        if self.tested is not None:
            return self.tested.is_significant
        return self.state != SAME and not self.varies and min(len(self.before), len(self.after)) > 1

    @property
    def difference(self) -> float:
        """Of medians."""
        return median(self.after) - median(self.before)

    @property
    def state(self) -> str:
        if not self.difference:
            return SAME
        if not any(self.before):
            return NEW
        if not any(self.after):
            return GONE
        return MORE if self.difference > 0 else LESS


@dataclass(frozen=True)
class Side:
    """`directories` say where its traces are."""

    metas: tuple[Meta, ...]
    directories: tuple[str, ...]

    @property
    def size(self) -> int:
        return len(self.metas)

    @property
    def commands(self) -> tuple[str, ...]:
        """Each once."""
        return tuple(dict.fromkeys(command_of(meta.argv) for meta in self.metas))


@dataclass(frozen=True)
class Comparison:
    """`totals` are of whole traces, also those that are the same; `changes` are of their parts,
    largest first, and have none that is the same on both sides. `is_repeated`: there are several
    traces of each side, so that it is known which counts repeat. `untested`: why what
    varies is not tested, if it is not. `doubts`: what makes the sides hard to compare. What a
    trace does not tell is in neither."""

    before: Side
    after: Side
    totals: tuple[Change, ...]
    changes: tuple[Change, ...]
    untested: str | None
    doubts: tuple[str, ...]

    @property
    def is_repeated(self) -> bool:
        return min(self.before.size, self.after.size) > 1

    def of(self, kind: str) -> tuple[Change, ...]:
        return tuple(one for one in self.changes if one.entry.kind == kind)


def compare(
    before: Sequence[Amounts],
    after: Sequence[Amounts],
    directories: tuple[Sequence[str], Sequence[str]],
) -> Comparison:
    """`directories` are those of the traces before and after."""
    changes = [*_changes(before, after)]
    why_not = _untested(len(before), len(after))
    if why_not is None:
        for kind in KINDS:
            _test(changes, [place for place, one in enumerate(changes) if one.entry.kind == kind])
    sides = [
        Side(tuple(one.meta for one in side), tuple(places))
        for side, places in zip((before, after), directories, strict=True)
    ]
    order = {key: place for place, key in enumerate((*KINDS, *MEASURES))}
    parts = (one for one in changes if one.entry.kind != TOTAL and one.state != SAME)
    return Comparison(
        before=sides[0],
        after=sides[1],
        totals=tuple(one for one in changes if one.entry.kind == TOTAL),
        changes=tuple(
            sorted(
                parts,
                key=lambda one: (
                    order[one.entry.kind],
                    order[one.measure.key],
                    -abs(one.difference),
                ),
            )
        ),
        untested=why_not,
        doubts=(*_doubts(*sides), *_untold((*before, *after))),
    )


def _test(changes: list[Change], places: Sequence[int]) -> None:
    """Test what varies of these, together. What is there on one side alone needs no test."""
    varying = [place for place in places if changes[place].varies]
    results = tested([(changes[place].before, changes[place].after) for place in varying])
    for place, result in zip(varying, results, strict=True):
        changes[place] = replace(changes[place], tested=result)


def _untested(before: int, after: int) -> str | None:
    if min(before, after) == 1:
        return ONE_TRACE
    if not can_tell(before, after):
        return TOO_FEW
    return None if is_available() else EXTRA_LACKS


def _doubts(before: Side, after: Side) -> Iterator[str]:
    metas = (*before.metas, *after.metas)
    if len({command_of(meta.argv) for meta in metas}) > 1:
        yield "The traces are not all of the same command."
    if len({meta.engine for meta in metas}) > 1:
        yield "The traces were not all recorded by the same engine: times differ by what it costs."
    if len({meta.filter for meta in metas}) > 1:
        yield "Not the same calls were recorded in all traces: their numbers differ by that alone."
    incomplete = sum(not meta.complete for meta in metas)
    if incomplete:
        yield f"{incomplete} of {len(metas)} traces are incomplete: counts may be too low."


def _untold(traces: Sequence[Amounts]) -> Iterator[str]:
    """What some of the traces tell, and others do not."""
    some = [one for one in MEASURES.values() if any(trace.tells(one) for trace in traces)]
    lacking = [one for one in some if not all(trace.tells(one) for trace in traces)]
    titles = dict.fromkeys("times of parts" if one in OF_PARTS else one.title for one in lacking)
    if titles:
        yield f"Not all traces tell these, which are not compared: {', '.join(titles)}."


def _changes(before: Sequence[Amounts], after: Sequence[Amounts]) -> Iterator[Change]:
    named = _named(before, after)
    both = (*named.after, *named.before)
    told = [one for one in MEASURES.values() if all(of.tells(one) for of in (*before, *after))]
    least_ns = LEAST_SHARE * median(_of(of, WHOLE, "wall_time") for of in both)
    for entry in dict.fromkeys(entry for of in both for entry in of):
        keys = {key for of in both for key in of.get(entry, ())}
        for measure in (one for one in told if one.key in keys):
            one = named.change(entry, measure)
            largest = max(median(one.before), median(one.after))
            if not one.is_time or entry.kind == TOTAL or largest >= least_ns:
                yield one


def _of(of: Of, entry: Entry, key: str) -> int:
    return of.get(entry, {}).get(key, 0)


@dataclass(frozen=True)
class _Named:
    """The amounts of each trace under names that all of them share; those of lines are as after.
    `lines`: of these the ones before; `texts_before` and `texts`: what stood in them, and does."""

    before: Sequence[Of]
    after: Sequence[Of]
    lines: Mapping[Entry, Entry]
    texts_before: Mapping[Entry, str]
    texts: Mapping[Entry, str]

    def change(self, entry: Entry, measure: Measure) -> Change:
        was = self.lines.get(entry, entry)
        old, new = (
            tuple(_of(of, entry, measure.key) for of in side) for side in (self.before, self.after)
        )
        one = Change(entry, measure, old, new, number_before=was.number)
        texts = self.texts_before if one.state == GONE else self.texts
        return replace(one, source=texts.get(entry))


def _named(before: Sequence[Amounts], after: Sequence[Amounts]) -> _Named:
    move = moved(_scripts(before), _scripts(after))
    back = [_moved_back(one, move) for one in after]
    names = {kind: shared(_names(one, kind) for one in (*before, *back)) for kind in MADE_UP}
    joined = _joined(before), _joined(back)
    pairs = same_lines(*joined)
    now = {old: new for new, old in pairs.items()}

    def named(entry: Entry) -> Entry:
        if entry.kind == LINE:
            return now.get(entry) or replace(entry, gone=True)
        return _shared(entry, names)

    texts = joined[1].texts
    same = {line: text for line, text in texts.items() if is_unchanged(*joined, line.file)}
    return _Named(
        before=[_renamed(one.of, named) for one in before],
        after=[_renamed(one.of, lambda entry: _shared(entry, names)) for one in back],
        lines=pairs,
        texts_before=same | {named(line): text for line, text in joined[0].texts.items()},
        texts=texts,
    )


def _joined(side: Sequence[Amounts]) -> Amounts:
    """All that is known of lines in any trace of a side. A script that was not the same in all of
    them has no digest, and no text."""
    digests = [(path, digest) for one in side for path, digest in one.meta.scripts.items()]
    known = Counter(path for path, _ in {*digests})
    scripts = {path: digest for path, digest in digests if known[path] == 1}
    return replace(
        side[0],
        meta=replace(side[0].meta, scripts=scripts),
        texts={
            line: text
            for one in side
            for line, text in one.texts.items()
            if known[line.file or ""] < 2
        },
        around={line: name for one in side for line, name in one.around.items()},
        does={line: done for one in side for line, done in one.does.items()},
    )


def _scripts(side: Sequence[Amounts]) -> set[str]:
    return {line.file for one in side for line in one.around if line.file}


def _names(one: Amounts, kind: str) -> list[str]:
    return [entry.name for entry in one.of if entry.kind == kind]


def _shared(entry: Entry, names: Mapping[str, Mapping[str, str]]) -> Entry:
    if entry.kind not in names:
        return entry
    return replace(entry, name=names[entry.kind].get(entry.name, entry.name))


def _moved_back(one: Amounts, move: Move | None) -> Amounts:
    """With the names that its files would have had before."""
    if move is None:
        return one
    names = {COMMAND: move.command_before, FILE: move.path_before}

    def back(entry: Entry) -> Entry:
        name = names[entry.kind](entry.name) if entry.kind in names else entry.name
        file = move.path_before(entry.file) if entry.file else None
        return replace(entry, name=name, file=file)

    scripts = {move.path_before(path): digest for path, digest in one.meta.scripts.items()}
    return Amounts(
        meta=replace(one.meta, scripts=scripts),
        of=_renamed(one.of, back),
        texts={back(line): text for line, text in one.texts.items()},
        around={back(line): name for line, name in one.around.items()},
        does={back(line): done for line, done in one.does.items()},
    )


def _renamed(of: Of, name: Callable[[Entry], Entry]) -> Of:
    """Amounts of entries that have the same name are added up."""
    found: dict[Entry, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for entry, amounts in of.items():
        for key, amount in amounts.items():
            found[name(entry)][key] += amount
    return found
