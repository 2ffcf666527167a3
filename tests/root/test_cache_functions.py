"""Where each call of a function is recorded, caches that functions answer for are told exactly."""

from __future__ import annotations

from aklo_analysis.caches.cache import OUTPUT

from .caching import FUNCTION, LOADS, answers, example, of_function
from .recording import Recorder

OPTION = "--function-calls"


def test_every_call_is_counted(record: Recorder) -> None:
    assert answers(of_function(record, LOADS.format(call=""), OPTION)) == (7, 3, 0, False)


def test_output_can_be_what_tells_a_hit(record: Recorder) -> None:
    script = f"{FUNCTION}() {{ [[ $1 == b ]] || echo found; }}\n{FUNCTION} a\n{FUNCTION} b\n"
    assert answers(of_function(record, script, OPTION, answer=OUTPUT)) == (1, 1, 0, False)


def test_the_benchmark_of_the_example_is_told_exactly(record: Recorder) -> None:
    caches = {row.name: row for row in example(record, "cache benchmark", OPTION).caches}
    for name in ("id", "parsed", "batch"):
        row = caches[name]
        assert (row.hits, row.misses, row.stale, row.rewrites) == (28, 8, 4, 4), name
    assert answers(caches["regex"]) == (32, 4, 0, False)
    assert caches["parsed"].function == "cached_structure"
    assert (caches["parsed"].saved_ns or 0) < 0
