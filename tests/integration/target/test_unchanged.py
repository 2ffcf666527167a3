"""A traced target can't be told from an untraced one."""

from __future__ import annotations

import pytest

from .cases import CASES, Case
from .conftest import Run


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_traced_is_as_untraced(case: Case, run: Run, tracer: tuple[str, ...]) -> None:
    untraced = run(case.script, stdin=case.stdin)
    assert run(case.script, *tracer, stdin=case.stdin) == untraced
