"""What a user has written in an editor is not lost."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import pytest

from aklo_trace.config.editing import edited
from aklo_trace.config.writing import Target
from aklo_trace.errors import UsageError


def test_at_the_end_of_the_input_it_is_said_where_the_copy_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def ended(_: str) -> str:
        raise EOFError

    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(os, "isatty", lambda _: True)
    monkeypatch.setattr("sys.stdin", open(os.devnull))  # noqa: SIM115, PTH123
    monkeypatch.setattr("builtins.input", ended)
    target = Target(tmp_path / "config.toml", "user", "mine")
    with pytest.raises(UsageError, match="is left as it was") as raised:
        edited(target, {"EDITOR": "true", "PATH": os.environ["PATH"]}, lambda _: ["wrong"])
    (copy,) = tmp_path.glob("aklo-trace-config-*/config.toml")
    assert str(copy) in str(raised.value)
    assert copy.read_text() == "mine"
