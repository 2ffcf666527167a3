"""What is built of the sources: a wheel that carries what is loaded, and BPF for other machines."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
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


def test_a_wheel_carries_the_object_and_the_sources_for_bcc(tmp_path: Path) -> None:
    options = ["--quiet", "--no-deps", "--no-build-isolation", "--wheel-dir", str(tmp_path)]
    command = [sys.executable, "-m", "pip", "wheel", *options, str(ROOT)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    (wheel,) = tmp_path.glob("aklo_trace-*.whl")
    names = set(zipfile.ZipFile(wheel).namelist())
    sources = {f"aklo_trace/bcc/source/{path.name}" for path in (ROOT / "bpf").glob("*.h")}
    assert sources | {"aklo_trace/bcc/source/aklo_trace.bcc.c"} <= names
    assert f"aklo_trace/ebpf/aklo_trace.{platform.machine()}.bpf.o" in names
    assert {"aklo_trace/cli.py", "aklo_analysis/report.py"} <= names
