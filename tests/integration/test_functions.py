"""The functions for programs: their examples run, and what they refuse is said."""

from __future__ import annotations

import doctest
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.unit.analysis.sample import sample_trace

import aklo_trace
from aklo_trace import api
from aklo_trace.errors import CaptureError, NotATrace, StoreError, UsageError
from aklo_trace.store import open_trace

ROOT = Path(__file__).parents[2]
COMMAND = ["sh", "-c", "cat /etc/passwd; exit 3"]


@pytest.fixture
def own_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A store of the test's own, in which nothing is."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir("/")
    monkeypatch.setattr(api, "_asker", lambda: asker_in(tmp_path))
    return tmp_path / "aklo-trace"


def asker_in(folder: Path) -> api.Asker:
    """This process, whose environment was another when it was started."""
    from dataclasses import replace

    from aklo_trace.identity import invoking

    place = b"XDG_DATA_HOME=" + bytes(folder)
    return api.Asker.here(replace(invoking(), environ=(place,), home=str(folder)))


def test_every_function_is_exported_and_documented() -> None:
    page = (ROOT / "docs" / "functions.md").read_text()
    for name in aklo_trace.__all__:
        assert getattr(aklo_trace, name).__doc__
        assert f"`{name}" in page or f"{name}(" in page
    with pytest.raises(AttributeError, match="nothing"):
        _ = aklo_trace.nothing


def test_importing_the_package_imports_no_function() -> None:
    program = "import aklo_trace, sys; print('aklo_trace.api' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.stdout == "False\n"


def test_the_examples_of_the_docstrings_run(own_store: Path) -> None:
    with aklo_trace.start_io_monitoring(command=["true"], engine="strace") as session:
        aklo_trace.track_io_operation("nothing")
    assert session.directory.parent == own_store
    assert doctest.testmod(api, optionflags=doctest.ELLIPSIS).failed == 0


def test_the_examples_of_the_page_run(own_store: Path) -> None:
    assert own_store.parent.is_dir()
    page = str(ROOT / "docs" / "functions.md")
    found = doctest.testfile(page, module_relative=False, optionflags=doctest.ELLIPSIS)
    assert found.failed == 0
    assert found.attempted > 8


def test_a_command_is_recorded_with_what_was_reported_meanwhile(
    own_store: Path, tmp_path: Path
) -> None:
    place = tmp_path / "mine"
    with aklo_trace.start_io_monitoring(
        command=COMMAND, output=place, engine="strace", stdout=subprocess.DEVNULL
    ) as session:
        pass
    aklo_trace.track_io_operation("wait", "for it", 3.5, "late", trace=place)
    assert session.exit_status == 3
    assert not session.is_running
    document = json.loads(session.report("json", top=2))
    (row,) = document["tables"]["tracked"]
    assert (row["operation"], row["total_ns"], row["failed"]) == ("wait", 3_500_000, 1)
    assert not own_store.exists()
    assert aklo_trace.check_performance_alerts(place) == ()


def test_a_command_that_is_stopped_is_asked_to_end(own_store: Path) -> None:
    session = aklo_trace.start_io_monitoring(command=["sleep", "60"], engine="strace")
    with pytest.raises(TimeoutError):
        session.wait(0.01)
    while not (session.directory / "live" / "strace.log").exists():
        assert session.is_running
    session.stop()
    assert session.directory.parent == own_store
    assert session.trace.meta.signal == 15


def test_what_cannot_be_recorded_is_said(own_store: Path) -> None:
    with pytest.raises(UsageError, match="not both"):
        aklo_trace.start_io_monitoring(1, ["true"])
    with pytest.raises(UsageError, match="empty"):
        aklo_trace.start_io_monitoring(command=[])
    with pytest.raises(CaptureError, match=r"no process|No engine"):
        aklo_trace.start_io_monitoring(pid=2**22 + 1)
    with pytest.raises(CaptureError, match="standard error"):
        aklo_trace.start_io_monitoring(command=["/none/such"])
    assert own_store.is_dir()


def test_what_is_there_is_replaced_only_if_that_is_asked_for(
    own_store: Path, tmp_path: Path
) -> None:
    place = tmp_path / "mine"
    place.mkdir()
    with pytest.raises(StoreError, match="exists already"):
        aklo_trace.start_io_monitoring(command=["true"], output=place, engine="strace")
    with pytest.raises(CaptureError, match="standard error"):
        start(place, "true")
    place.rmdir()
    start(place, "true").wait()
    assert start(place, "echo").trace.meta.argv == ("echo",)
    reading = open_trace(place)
    with pytest.raises(CaptureError, match="standard error"):
        start(place, "true")
    assert reading.meta.argv == ("echo",)
    assert not own_store.exists()


def start(place: Path, *command: str) -> aklo_trace.Monitoring:
    given: Any = {"output": place, "engine": "strace", "options": ["--force"]}
    return aklo_trace.start_io_monitoring(command=command, stdout=subprocess.DEVNULL, **given)


def test_a_page_has_its_pictures_and_rows(own_store: Path, tmp_path: Path) -> None:
    trace = sample_trace().write(tmp_path / "trace")
    assert "Latency over time" in aklo_trace.generate_io_report(trace, "html")
    assert not own_store.exists()


def test_modules_of_the_working_directory_are_not_imported(own_store: Path) -> None:
    folder = own_store.parent
    (folder / "aklo_trace").mkdir()
    for file in ("aklo_trace/__init__.py", "json.py"):
        (folder / file).write_text("open('imported', 'w').close(); raise SystemExit(9)\n")
    program = (
        "import aklo_trace as it\n"
        "it.start_io_monitoring(command=['true'], engine='strace', output='t').wait()\n"
    )
    done = subprocess.run([sys.executable, "-P", "-c", program], cwd=folder, timeout=60)
    assert done.returncode == 0
    assert not (folder / "imported").exists()


def test_what_there_is_not_is_refused(own_store: Path) -> None:
    assert not own_store.exists()
    with pytest.raises(NotATrace):
        aklo_trace.generate_io_report("none")
    with pytest.raises(UsageError, match="text, json"):
        aklo_trace.generate_io_report(format="papyrus")
    with pytest.raises(UsageError, match="header, findings"):
        aklo_trace.generate_io_report(sections=["nothing"])
    with pytest.raises(UsageError, match="no key"):
        aklo_trace.generate_io_report(by=["nothing"])
