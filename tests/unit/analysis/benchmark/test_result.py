"""What many runs say: of caches, of the tracer's cost, and what is chance."""

from __future__ import annotations

import io
import json

from aklo_analysis.benchmark import json as as_json
from aklo_analysis.benchmark import written
from aklo_analysis.benchmark.printed import Printed, printed
from aklo_analysis.benchmark.result import Benchmark, CacheUse, Run, benchmark
from aklo_analysis.caches.cache import SHIPPED, Cache
from aklo_analysis.reporters.clip import columns
from aklo_analysis.reporters.options import Options
from aklo_analysis.reporters.text_page import TextPage
from aklo_trace.benchmarking.plan import Arm, arms

from ..sample import HOSTILE

MS = 1_000_000
TABLE = """\
Cache benchmark: 4 lookups for each cache, rounds: 7
cache    lookups   without ms    cold ms    warm ms  warm/w.o.   hits  misses
parsed        28         98.2      412.1     1930.4     19.65x     28       8
        costs 1832.2 ms more than it saves
scan          28          1.0        2.0        3.0      3.00x     27       9
other         28          1.0        2.0        3.0      3.00x     27       9
"""
WALL_MS = {
    Arm(True, False): [300, 301, 302, 303, 304, 305],
    Arm(True, True): [310, 311, 312, 313, 314, 900],
    Arm(False, False): [200, 201, 202, 203, 204, 205],
    Arm(False, True): [200, 201, 202, 203, 204, 206],
}


def made(has_cold: bool = True, name: str = "parsed", status: int = 0) -> Benchmark:
    runs = [
        Run(arm, number, ms * MS, status if number == 6 else 0)
        for arm in arms(has_cold)
        for number, ms in enumerate(WALL_MS[arm], start=1)
    ]
    cold = [[CacheUse(name, 4, 0, 80 * MS, (9 + n) * MS)] for n in range(6)]
    warm = [[CacheUse(name, 4, 4, (8 + n) * MS, None)] for n in range(6)]
    uses = {Arm(True, True): cold, Arm(False, True): warm} if has_cold else {Arm(False, True): warm}
    said = {name: Printed({"without": 98_200_000}, {"hits": 28})}
    return benchmark((HOSTILE, "x"), arms(has_cold), runs, uses, said, None, is_whole=True)


def test_the_gain_of_a_cache_is_what_misses_would_have_taken_less_what_lookups_took() -> None:
    cold, warm = made().caches
    assert (cold.is_cold, warm.is_cold) == (True, False)
    assert cold.work_ns == warm.work_ns == round(11.5 * MS)
    assert warm.gains_ns == tuple(46 * MS - (8 + n) * MS for n in range(6))
    assert cold.gain_ns == -34 * MS
    assert warm.interval is not None
    assert 33 * MS <= warm.interval.low <= 35.5 * MS <= warm.interval.high <= 38 * MS


def test_warming_and_tracing_are_tested() -> None:
    found = made()
    assert found.warming is not None
    assert found.warming.ns == 100 * MS
    assert found.warming.tested is not None
    assert found.warming.tested.is_significant
    cold, warm = found.tracing
    assert (cold.base.arm, cold.ns) == (Arm(True, False), 10 * MS)
    assert warm.ns == 0
    assert warm.tested is not None
    assert not warm.tested.is_significant


def test_outliers_are_named() -> None:
    (timing,) = [one for one in made().timings if one.arm == Arm(True, True)]
    assert [(run.number, run.wall_ns) for run in timing.outliers] == [(6, 900 * MS)]


def test_without_cold_runs_there_is_no_gain_without_a_miss() -> None:
    found = made(has_cold=False)
    assert found.warming is None
    assert [(one.work_ns, one.gain_ns) for one in found.caches] == [(None, None)]
    assert "--cold COMMAND" in " ".join(shown(found).split())


def shown(found: Benchmark) -> str:
    stream = io.StringIO()
    written.write(found, TextPage(stream, Options(width=80)))
    return stream.getvalue()


def test_it_is_shown_and_hostile_names_are_escaped() -> None:
    page = shown(made(name="par\x1b[2Jsed", status=3))
    assert "a cold run takes 100ms longer (49.4%)" in page
    assert "outliers: run 6 900ms" in page
    assert "it prints: without 98.2ms, 28 hits" in page
    assert "run 6 (cold, untraced) ended with status 3" in page
    assert "\x1b" not in page
    assert max(map(columns, page.splitlines())) <= 80


def test_the_json_has_all_runs() -> None:
    stream = io.StringIO()
    as_json.write(made(), stream)
    found = json.loads(stream.getvalue())
    assert [len(one["wall_ns"]) for one in found["timings"]] == [6] * 4
    assert found["warming"]["is_significant"]
    assert [one["cold"] for one in found["caches"]] == [True, False]
    assert found["caches"][0]["claimed"]["counts"] == {"hits": 28}


def test_what_a_benchmark_of_caches_prints_is_read() -> None:
    found = printed(TABLE, SHIPPED)
    assert {*found} == {"parsed", "batch"}
    assert found["parsed"].times_ns == {
        "without": 98_200_000,
        "cold": 412_100_000,
        "warm": 1_930_400_000,
    }
    assert found["batch"].counts == {"lookups": 28, "hits": 27, "misses": 9}
    assert printed("nothing of the kind\nparsed 3\n", SHIPPED) == {}
    assert printed("cache hits\nmine many\n", [Cache("mine")]) == {"mine": Printed()}
