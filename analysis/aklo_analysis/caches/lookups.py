"""Lookups in caches that are files: which steps belong to one, and how it ended.

A lookup is somebody's: of the shell that makes its first step, or that started the program which
does. All that this shell and what it starts do with the entry belongs to it, until a step says that
the next one begins:

- once the entry was read, any further look, but not an opening of the file beside it;
- once it was written, any further look, but not the first opening to read what was written: that
  is still the answer. If lookups begin with such an opening, it begins the next one;
- before that, a call like the first one, from the same line, unless it follows without another
  call in between, as in `[[ -f $e && -s $e ]]`;
- a look of a shell, if the first was a program's.

What somebody else does joins a lookup only to give it its end: a process that the shell comes from
can read the entry that was found, or write the one that was not, and so can anybody once the shell
has ended. A lookup that has read the entry in a process of its own, which ended with status 0, has
its answer: what is written after that is no part of it.

The entry was there and was read: a hit. It was not there: a miss. It was there, and was written
all the same, or only the file beside it was read: a miss of a stale entry. It was only looked at,
as by `du`: no lookup.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import numpy as np

from aklo_analysis.caches.answer import HIT, MISS, STALE
from aklo_analysis.caches.steps import ABSENT, LOOK, OPEN, READ, REMOVE, WRITE, Step
from aklo_analysis.calls import UNKNOWN
from aklo_analysis.nullable import known_values

if TYPE_CHECKING:
    from aklo_analysis.rules.case import Case

LOOKS: Final = (LOOK, ABSENT, OPEN)
THERE: Final = (LOOK, OPEN, READ)
NEAR: Final = 64
"""How many lookups are looked through: more are not under way side by side."""


@dataclass(frozen=True, slots=True)
class Lookup:
    """`entry` is its number; `life` whose it is. From the end of the last look at the entry to
    the end of its writing the shell did what a cache is to save: `work_ns`, None if it did
    not write. `written_ns`: when the entry was last written before, None if not in the trace."""

    entry: int
    outcome: str
    life: int
    steps: tuple[Step, ...]
    work_ns: int | None
    written_ns: int | None

    @property
    def at_ns(self) -> int:
        return self.steps[0].at_ns

    @property
    def until_ns(self) -> int:
        return max(step.until_ns for step in self.steps)


@dataclass(frozen=True, slots=True)
class Uses:
    """What was made of the entries: `rewrites` are the times that one which was there was written
    anew, by the number of the entry."""

    lookups: tuple[Lookup, ...]
    rewrites: tuple[int, ...]


@dataclass
class _Open:
    """A lookup that is not over."""

    owner: int
    by_program: bool
    written_ns: int | None
    steps: list[Step] = field(default_factory=list)
    found: bool = False
    absent: bool = False
    lacks_companion: bool = False
    read_companion: bool = False
    read: bool = False
    written: bool = False
    read_after: bool = False

    def take(self, step: Step) -> None:
        self.steps.append(step)
        if step.companion:
            self.lacks_companion |= step.kind == ABSENT and not self.written
            self.read_companion |= step.kind == READ
        elif not self.written:
            self.absent |= step.kind == ABSENT and not self.found
            self.found |= step.kind in THERE and not self.absent
            self.read |= step.kind == READ
            self.written = step.kind == WRITE
        else:
            self.read_after |= step.kind == READ

    def is_over_before(self, step: Step, is_shell: bool) -> bool:
        """Whether a look begins another one."""
        first = self.steps[0]
        is_first_again = (step.how, step.companion) == (first.how, first.companion)
        if self.by_program and is_shell:
            return True
        if self.written:
            return is_first_again or self.read_after or step.kind != OPEN
        if self.read:
            return is_first_again or not (step.companion and step.kind == OPEN)
        return is_first_again and step.after != self.steps[-1].call

    @property
    def outcome(self) -> str | None:
        if self.absent:
            return MISS
        if self.found and self.written:
            return STALE
        if self.read:
            return HIT
        if self.lacks_companion:
            return MISS
        return STALE if self.found and self.read_companion else None

    @property
    def work_ns(self) -> int | None:
        """The entry is opened before the work where that is redirected to it: it ends with the
        last of the writing."""
        writes = [step for step in self.steps if step.kind == WRITE and not step.companion]
        if not writes:
            return None
        first_ns = writes[0].at_ns
        before = [s.until_ns for s in self.steps if s.kind != WRITE and s.at_ns < first_ns]
        return max(0, writes[-1].until_ns - max(before)) if before else None


def uses(case: Case, steps: list[list[Step]]) -> Uses:
    """`steps` as `steps.steps` gives them."""
    lineage = _Lineage(case)
    found = [_Reader(lineage).read(of_entry) for of_entry in steps]
    return Uses(
        tuple(
            Lookup(entry, outcome, one.owner, tuple(one.steps), one.work_ns, one.written_ns)
            for entry, reader in enumerate(found)
            for one in reader.opened
            if (outcome := one.outcome)
        ),
        tuple(reader.rewrites for reader in found),
    )


class _Lineage:
    """Who comes from whom, and who has ended."""

    def __init__(self, case: Case) -> None:
        table = case.lives.table
        self.is_from = case.family.is_from
        self.shells = case.places.shells.tolist()
        self._mother = case.places.mother.tolist()
        status = known_values(case.frames.processes["exit_status"], UNKNOWN)
        self._end_ns = table["end_ns"].tolist()
        self._status = np.append(status, UNKNOWN)[table["process"].to_numpy()].tolist()

    def owner(self, life: int) -> int:
        """The shell whose lookup it is."""
        if self.shells[life] or self._mother[life] == UNKNOWN:
            return life
        return int(self._mother[life])

    def has_ended(self, life: int, at_ns: int) -> bool:
        return bool(self._end_ns[life] <= at_ns)

    def succeeded(self, life: int) -> bool:
        return bool(self._status[life] == 0)


class _Reader:
    """Divides the steps on one entry into lookups."""

    def __init__(self, lineage: _Lineage) -> None:
        self._lineage = lineage
        self.opened: list[_Open] = []
        self.rewrites = 0
        self._is_there: bool | None = None
        self._written_ns: int | None = None
        self._writer: tuple[int, _Open | None] | None = None

    def read(self, steps: list[Step]) -> _Reader:
        for step in steps:
            if step.kind in LOOKS:
                self._look(step)
            elif step.kind == READ:
                (self._joined(step) or self._begun(step)).take(step)
            elif step.kind == WRITE:
                self._write(step)
            self._note(step)
        return self

    def _look(self, step: Step) -> None:
        current = self._own(step)
        if current and not current.is_over_before(step, self._lineage.shells[step.life]):
            current.take(step)
            return
        waiting = self._left(step) if step.kind == OPEN and current is None else None
        (waiting or self._begun(step)).take(step)

    def _write(self, step: Step) -> None:
        current = self._joined(step)
        if current:
            current.take(step)
        if step.companion:
            return
        if self._is_there and not self._goes_on(step, current):
            self.rewrites += 1
        self._writer, self._written_ns = (step.life, current), step.until_ns

    def _goes_on(self, step: Step, current: _Open | None) -> bool:
        """Whether it is the same writing as the step before."""
        if self._writer is None:
            return False
        life, lookup = self._writer
        return lookup is current and self._lineage.is_from(step.life, life)

    def _note(self, step: Step) -> None:
        """Whether the entry is there from now on."""
        if not step.companion:
            self._is_there = step.kind not in (ABSENT, REMOVE)
            if step.kind != WRITE:
                self._writer = None

    def _begun(self, step: Step) -> _Open:
        owner, is_program = self._lineage.owner(step.life), not self._lineage.shells[step.life]
        self.opened.append(_Open(owner, is_program, self._written_ns))
        return self.opened[-1]

    def _own(self, step: Step) -> _Open | None:
        """The last lookup of the process, or of one that it comes from."""
        return self._last(lambda one: self._lineage.is_from(step.life, one.owner))

    def _joined(self, step: Step) -> _Open | None:
        return self._own(step) or self._left(step)

    def _left(self, step: Step) -> _Open | None:
        """The last lookup that still lacks its end, and that this step may give it."""
        found = self._last(lambda one: self._may_end(one, step))
        if found is None or found.written:
            return found if step.kind == WRITE and self._goes_on(step, found) else None
        failed = step.kind == WRITE and not self._lineage.succeeded(found.owner)
        return found if failed or not found.read else None

    def _may_end(self, one: _Open, step: Step) -> bool:
        asker = self._lineage.owner(step.life)
        return self._lineage.is_from(one.owner, asker) or self._lineage.has_ended(
            one.owner, step.at_ns
        )

    def _last(self, wanted: Callable[[_Open], bool]) -> _Open | None:
        return next(filter(wanted, reversed(self.opened[-NEAR:])), None)
