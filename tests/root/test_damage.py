"""A damaged, foreign or newer trace: one paragraph of words, whatever asks for it."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from aklo_trace.schema import VERSION

from .recording import Recorder
from .test_store import assert_one_paragraph


def rewritten(trace: Path, **fields: object) -> None:
    path = trace / "meta.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | fields))


DAMAGES: dict[str, tuple[Callable[[Path], object], str]] = {
    "meta.json is cut": (
        lambda trace: (trace / "meta.json").write_text('{"schema_version": 1, '),
        "damaged",
    ),
    "meta.json is empty": (lambda trace: (trace / "meta.json").write_text(""), "damaged"),
    "meta.json is gone": (lambda trace: (trace / "meta.json").unlink(), "is not a trace"),
    "meta.json is foreign": (
        lambda trace: (trace / "meta.json").write_text('{"name": "a package"}'),
        "names no schema version",
    ),
    "a field has another type": (lambda trace: rewritten(trace, argv=5), "damaged"),
    "a newer version wrote it": (
        lambda trace: rewritten(trace, schema_version=VERSION + 1),
        "Install a newer aklo-trace",
    ),
}

TABLE_DAMAGES: dict[str, Callable[[Path], object]] = {
    "gone": lambda part: part.unlink(),
    "cut": lambda part: part.write_bytes(part.read_bytes()[:-20]),
    "text": lambda part: part.write_text("no Parquet"),
}


@pytest.fixture
def trace(module_record: Recorder, tmp_path: Path) -> Path:
    """A copy of a trace."""
    recording = module_record.once("true")
    return Path(shutil.copytree(recording.directory, tmp_path / "copy"))


@pytest.mark.parametrize("verb", ["info", "report", "recover"])
@pytest.mark.parametrize("damage", DAMAGES)
def test_what_cannot_be_read_is_said(
    module_record: Recorder, trace: Path, verb: str, damage: str
) -> None:
    do, words = DAMAGES[damage]
    do(trace)
    shown = module_record.run(verb, trace)
    assert (shown.returncode, shown.stdout) == (1, "")
    assert_one_paragraph(shown.stderr)
    assert words in shown.stderr
    assert str(trace) in shown.stderr


@pytest.mark.parametrize("damage", TABLE_DAMAGES.values(), ids=TABLE_DAMAGES.keys())
def test_a_damaged_table_is_named(
    module_record: Recorder, trace: Path, damage: Callable[[Path], object]
) -> None:
    damage(trace / "syscalls" / "part-00000.parquet")
    shown = module_record.run("report", trace)
    assert (shown.returncode, shown.stdout) == (1, "")
    assert_one_paragraph(shown.stderr)
    assert f"The table syscalls of {trace} is damaged" in shown.stderr


def test_a_damaged_trace_does_not_hide_the_others(
    module_record: Recorder, trace: Path, tmp_path: Path
) -> None:
    store = tmp_path / "project" / ".aklo_metrics"
    (tmp_path / "project" / ".aklo.conf").parent.mkdir()
    (tmp_path / "project" / ".aklo.conf").touch()
    for name in ("2024-whole", "2025-damaged"):
        shutil.copytree(trace, store / name)
    (store / "2025-damaged" / "meta.json").write_text("{")
    here = Recorder(module_record.engine, tmp_path / "project", module_record.environ)
    shown = here.run("list")
    assert shown.returncode == 0
    assert "2024-whole" in shown.stdout
    assert "damaged" in shown.stdout
    assert len(json.loads(here.run("list", "--format", "json").stdout)) == 2
