"""From when to when a lookup in files lasted.

The shell asks a function, which may do much before and after it looks at the entry. It is the
innermost one that all steps of a lookup are within; a hit that is all within a part of what a miss
of the same cache is, lasted as long as that. Where functions are counted one by one, the call is
known. Else it is told from the calls of the shell: those around the lookup that were made within
the function, called from the same line. If several lookups follow each other so, each begins where
the one before it did its last step. Where no function is known, a lookup lasts from its first step
to its last.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace

from aklo_analysis.caches.answer import Answer, Stack
from aklo_analysis.caches.lookups import Lookup
from aklo_analysis.caches.shells import Shells


def lasted(shells: Shells, lookups: Sequence[Lookup]) -> list[Answer]:
    """Of the lookups of one cache, by time."""
    lookups = sorted(lookups, key=lambda one: one.at_ns)
    stacks = [_common(shells, one) for one in lookups]
    functions = {stack[-1][0] for stack in stacks if stack}
    found: list[Answer] = []
    last: dict[tuple[int, Stack, int], int] = {}
    for place, one in enumerate(lookups):
        stack = _outermost(stacks[place], functions)
        start_ns = one.at_ns
        end_ns = one.until_ns
        if stack:
            start_ns, end_ns = shells.around(one.life, stack, one.at_ns)
            before = last.get(run := (one.life, stack, start_ns))
            if before is not None:
                start_ns = max(lookups[before].until_ns, found[before].start_ns)
                found[before] = replace(found[before], end_ns=start_ns)
            last[run] = place
        start_ns, end_ns = min(start_ns, one.at_ns), max(end_ns, one.until_ns)
        found.append(Answer(one.outcome, one.life, start_ns, end_ns, one.work_ns, stack))
    return found


def _common(shells: Shells, lookup: Lookup) -> Stack:
    """The functions that all of it was within."""
    stacks = [stack for step in lookup.steps if (stack := shells.of_call(step.call))]
    shared = 0
    for frames in zip(*stacks, strict=False):
        if len(set(frames)) > 1:
            break
        shared += 1
    return stacks[0][:shared] if stacks else ()


def _outermost(stack: Stack, functions: Collection[str]) -> Stack:
    """The stack up to the first function that is one of these; the script itself, which nobody
    calls from a line, is none."""
    ends = (n for n, (name, line) in enumerate(stack) if line is not None and name in functions)
    end = next(ends, None)
    return () if end is None else stack[: end + 1]
