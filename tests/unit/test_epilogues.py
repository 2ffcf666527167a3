"""What the wrapper shows behind a command of aklo."""

from __future__ import annotations

from types import SimpleNamespace
from typing import cast

import pytest

from aklo_trace import epilogues
from aklo_trace.places import Asker
from aklo_trace.summary import CacheUse


def test_no_name_of_a_cache_reaches_the_terminal_as_it_is(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    use = CacheUse("evil\x1b[2J\n", 4, 3, 1_000_000, None, None)
    monkeypatch.setattr(epilogues, "_last", lambda _: SimpleNamespace(caches=(use,)))
    epilogues.cache_benchmark(cast("Asker", None), None)
    said = capsys.readouterr().err
    assert "  evil\\x1b[2J\\n        4        3     75%  1.00ms saved\n" in said
    assert "\x1b" not in said
