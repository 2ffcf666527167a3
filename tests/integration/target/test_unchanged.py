"""A traced target can't be told from an untraced one."""

from __future__ import annotations

import pytest

from .cases import CASES, Case
from .conftest import ENGINE_NAMES, SHARES_ALL_BUT_THE_LOADER, Run

PAIRS = [
    pytest.param(engine, case, id=f"{engine}-{case.name}")
    for engine in ENGINE_NAMES
    for case in CASES[:: SHARES_ALL_BUT_THE_LOADER.get(engine, 1)]
]


@pytest.mark.parametrize(("engine", "case"), PAIRS)
def test_traced_is_as_untraced(
    request: pytest.FixtureRequest, case: Case, run: Run, engine: str, tracer: tuple[str, ...]
) -> None:
    if engine == "strace" and case.strace_shows:
        reason = "docs/engines.md says so: strace cannot hide it"
        request.applymarker(pytest.mark.xfail(reason=reason, strict=True))
    untraced = run(case.script, stdin=case.stdin)
    assert run(case.script, *tracer, stdin=case.stdin) == untraced
