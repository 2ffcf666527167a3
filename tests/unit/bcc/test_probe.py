"""Why bcc cannot run, and what to do about it."""

from __future__ import annotations

from pathlib import Path

import pytest

from aklo_trace.bcc import engine
from aklo_trace.bcc.engine import BccEngine, find_package
from aklo_trace.bcc.headers import STAMP_FILE, Headers
from aklo_trace.ebpf import layout


@pytest.fixture(autouse=True)
def _able(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A machine that has all it takes."""
    monkeypatch.setattr(engine.platform, "release", lambda: "5.15.0-91-generic")
    monkeypatch.setattr(engine, "find_package", lambda: Path("/usr/lib/bcc"))
    monkeypatch.setattr(engine, "find_headers", lambda: Headers({}, ()))
    monkeypatch.setattr(engine, "has_capability", lambda _: True)
    source = tmp_path / "aklo_trace.bcc.c"
    source.touch()
    source.with_name(STAMP_FILE).write_text(f"{layout.stamp():016x}\n")
    monkeypatch.setattr(engine, "SOURCE", source)


def test_a_machine_that_has_all_it_takes_can() -> None:
    assert BccEngine().probe().usable


@pytest.mark.parametrize(
    ("name", "value", "reason", "fix"),
    [
        ("find_package", lambda: None, "not installed", "python3-bpfcc (Debian, Ubuntu)"),
        ("find_package", lambda: None, "not installed", "python3-bcc (Fedora)"),
        ("find_headers", lambda: None, "kernel headers", "linux-headers-generic (Ubuntu)"),
        ("find_headers", lambda: None, "kernel headers", "kernel-devel (Fedora)"),
        ("has_capability", lambda _: False, "root", "sudo"),
        ("SOURCE", Path("/no/source"), "/no/source", "make setup"),
    ],
)
def test_what_is_missing_is_said(
    monkeypatch: pytest.MonkeyPatch, name: str, value: object, reason: str, fix: str
) -> None:
    monkeypatch.setattr(engine, name, value)
    capability = BccEngine().probe()
    assert not capability.usable
    assert reason in capability.reason
    assert fix in capability.fix


@pytest.mark.parametrize("stamp", ["0123456789abcdef\n", "", None])
def test_sources_that_were_copied_with_another_layout_are_refused(
    tmp_path: Path, stamp: str | None
) -> None:
    (tmp_path / STAMP_FILE).unlink()
    if stamp is not None:
        (tmp_path / STAMP_FILE).write_text(stamp)
    capability = BccEngine().probe()
    assert not capability.usable
    assert "other sources" in capability.reason
    assert "make setup" in capability.fix


@pytest.mark.parametrize("header", layout.HEADERS)
def test_the_header_is_in_the_stamp(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, header: Path
) -> None:
    """In a clone and where there is none."""
    copy = tmp_path / header.name
    copy.write_bytes(header.read_bytes())
    monkeypatch.setattr(layout, "HEADERS", (tmp_path / "none", copy))
    assert BccEngine().probe().usable
    copy.write_bytes(header.read_bytes() + b"\n")
    assert not BccEngine().probe().usable


def test_a_kernel_without_ring_buffers_is_too_old(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine.platform, "release", lambda: "5.7.19")
    assert "older than 5.12" in BccEngine().probe().reason


def test_a_machine_that_nothing_was_written_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine.platform, "machine", lambda: "riscv64")
    assert "riscv64" in BccEngine().probe().reason


def package(root: Path, place: str, *files: str) -> Path:
    folder = root / place / "bcc"
    folder.mkdir(parents=True)
    for file in ("__init__.py", *files):
        (folder / file).touch()
    return folder


@pytest.mark.parametrize("place", ["python3/dist-packages", "python3.13/site-packages"])
def test_the_distributions_package_is_found(tmp_path: Path, place: str) -> None:
    assert find_package(tmp_path) is None
    folder = package(tmp_path, place, "libbcc.py")
    assert find_package(tmp_path) == folder


def test_another_project_of_that_name_is_not_taken_for_it(tmp_path: Path) -> None:
    package(tmp_path, "python3/dist-packages")
    assert find_package(tmp_path) is None
