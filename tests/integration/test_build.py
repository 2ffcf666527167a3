"""What is built of the sources: a wheel that carries what is loaded, and BPF for other machines."""

from __future__ import annotations

import os
import platform
import re
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def make(*arguments: str, **environ: str) -> None:
    command = ["make", "-C", str(ROOT / "bpf"), *arguments]
    done = subprocess.run(command, env=os.environ | environ, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("machine", ["x86_64", "aarch64"])
def test_the_programs_compile_for_a_machine(machine: str, tmp_path: Path) -> None:
    """With the headers of this one, of which they take types alone."""
    headers = f"/usr/include/{platform.machine()}-linux-gnu"
    places = (f"OUT={tmp_path}", f"SOURCES={tmp_path / 'source'}")
    make(f"MACHINE={machine}", *places, C_INCLUDE_PATH=headers)
    assert (tmp_path / f"aklo_trace.{machine}.bpf.o").read_bytes().startswith(b"\x7fELF")


def test_an_object_that_is_older_than_its_sources_is_removed(tmp_path: Path) -> None:
    """Where it cannot be built anew."""
    machine = platform.machine()
    built, layout = tmp_path / f"aklo_trace.{machine}.bpf.o", tmp_path / "layout.py"
    for path in (layout, built):
        path.touch()
    os.utime(layout, (0, 0))
    places = (f"OUT={tmp_path}", f"LAYOUT={layout}", f"MACHINE={machine}")
    make("forget-stale", *places)
    assert built.exists()
    os.utime(built, (1, 1))
    make("forget-stale", *places)
    assert not built.exists()
    make("forget-stale", *places)


def files(folder: Path) -> list[Path]:
    """Those that belong to the sources, of a folder and those within."""
    command = ["git", "-C", str(folder), "ls-files", "-z"]
    names = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return [folder / name for name in names.split("\0")[:-1]]


def built(place: Path, source: Path) -> zipfile.ZipFile:
    """The wheel of a source tree or archive."""
    options = ["--quiet", "--no-deps", "--no-build-isolation", "--wheel-dir", str(place)]
    command = [sys.executable, "-m", "pip", "wheel", *options, str(source)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    (wheel,) = place.glob("aklo_trace-*.whl")
    return zipfile.ZipFile(wheel)


def test_a_wheel_carries_the_object_and_the_sources_for_bcc(tmp_path: Path) -> None:
    wheel = built(tmp_path, ROOT)
    names = set(wheel.namelist())
    sources = {f"aklo_trace/bcc/source/{path.name}" for path in (ROOT / "bpf").glob("*.h")}
    assert sources | {"aklo_trace/bcc/source/aklo_trace.bcc.c"} <= names
    assert f"aklo_trace/ebpf/aklo_trace.{platform.machine()}.bpf.o" in names
    assert "aklo_trace/bcc/source/layout.stamp" in names
    assert {"aklo_trace/cli.py", "aklo_analysis/report.py"} <= names
    assert str(wheel.filename).endswith(f"-py3-none-linux_{platform.machine()}.whl")


def test_a_wheel_carries_its_pages_and_the_unit(tmp_path: Path) -> None:
    """And every page that the commands name."""
    data = {
        name.partition(".data/data/")[2]
        for name in built(tmp_path, ROOT).namelist()
        if ".data/data/" in name
    }
    code = "".join(path.read_text() for path in (ROOT / "tracer").rglob("*.py"))
    pages = {"README.md", "LICENSE", *re.findall(r"docs/[\w/-]+\.md", code)}
    pages |= {str(path.relative_to(ROOT)) for path in files(ROOT / "docs")}
    assert {f"share/doc/aklo-trace/{page}" for page in pages} <= data
    assert {"lib/systemd/system/aklo-trace-watch.service", "share/man/man1/aklo-trace.1"} <= data


def test_what_is_shipped_as_source_is_whole(tmp_path: Path) -> None:
    """It has what the targets of the Makefile use, and a wheel of it has the object."""
    command = [sys.executable, "-m", "hatchling", "build", "-t", "sdist", "-d", str(tmp_path)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    (archive,) = tmp_path.glob("*.tar.gz")
    with tarfile.open(archive) as opened:
        names = {name.partition("/")[2] for name in opened.getnames()}
    used = [file for folder in ("scripts", "docs", "bpf") for file in files(ROOT / folder)]
    assert {str(path.relative_to(ROOT)) for path in used} <= names
    assert {"Makefile", "tests/conftest.py", "benchmarks/__main__.py", ".ci/run"} <= names
    assert {"examples/aklo/bin/aklo", "packaging/aklo-trace-watch.service"} <= names
    assert not any(name.endswith(".bpf.o") for name in names)
    found = f"aklo_trace/ebpf/aklo_trace.{platform.machine()}.bpf.o"
    assert found in built(tmp_path / "wheel", archive).namelist()
