"""What the runs of a benchmark show; the analysis is imported only here."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final

from aklo_trace import work_of_misses
from aklo_trace.benchmarking.plan import Arm
from aklo_trace.benchmarking.running import Ran
from aklo_trace.places import Asker
from aklo_trace.store import open_trace

if TYPE_CHECKING:
    from aklo_analysis.benchmark.printed import Printed
    from aklo_analysis.benchmark.result import Benchmark
    from aklo_analysis.caches.cache import Cache
    from aklo_analysis.compare.amounts import Amounts
    from aklo_analysis.compare.comparison import Comparison

LARGEST_OUTPUT: Final = 1 << 20
"""Bytes of what the command wrote that are looked at for what it prints of its caches."""
COLD, WARM = Arm(is_cold=True, is_traced=True), Arm(is_cold=False, is_traced=True)


def result(
    words: Sequence[str], done: Sequence[Ran], arms: Sequence[Arm], is_whole: bool, asker: Asker
) -> Benchmark:
    """Reads the traces of the runs. What misses took is kept, for reports of other traces."""
    from aklo_analysis.benchmark.result import CacheUse, Run, benchmark, works_ns
    from aklo_analysis.caches.configured import caches
    from aklo_analysis.compare.amounts import Amounts
    from aklo_analysis.rules.case import Case

    known, _ = caches(asker.configuration)
    uses: dict[Arm, list[list[CacheUse]]] = defaultdict(list)
    amounts: dict[Arm, list[Amounts]] = defaultdict(list)
    for ran in done:
        if ran.trace:
            case = Case.of(open_trace(ran.trace), known)
            uses[ran.planned.arm].append([CacheUse.of(one) for one in case.observed])
            amounts[ran.planned.arm].append(Amounts.seen(case))
    work_of_misses.keep(asker.stores()[0], works_ns(uses))
    return benchmark(
        words,
        arms,
        [Run(ran.planned.arm, ran.planned.number or 0, ran.wall_ns, ran.status) for ran in done],
        uses,
        _printed(done, known),
        _changed(done, amounts),
        is_whole,
    )


def _changed(done: Sequence[Ran], amounts: Mapping[Arm, Sequence[Amounts]]) -> Comparison | None:
    """Cold traces against warm ones, if there are both."""
    from aklo_analysis.compare.comparison import compare

    if not (COLD in amounts and WARM in amounts):
        return None
    cold, warm = (
        [str(ran.trace) for ran in done if ran.planned.arm == arm] for arm in (COLD, WARM)
    )
    return compare(amounts[COLD], amounts[WARM], (cold, warm))


def _printed(done: Sequence[Ran], known: Sequence[Cache]) -> dict[str, Printed]:
    """What the last run printed, which was not traced if there was one that was not."""
    from aklo_analysis.benchmark.printed import printed

    last = max(done, key=lambda ran: (ran.trace is None, ran.planned.number or 0))
    last.output.seek(0)
    return printed(last.output.read(LARGEST_OUTPUT).decode("utf-8", "replace"), known)
