"""A BPF object of other sources than the Python beside it is refused before it is used."""

from __future__ import annotations

import struct
from collections.abc import Callable
from pathlib import Path

import pytest

from aklo_trace.ebpf import layout
from aklo_trace.ebpf.libbpf import Object, library
from aklo_trace.ebpf.machine import object_path
from aklo_trace.errors import CaptureError

STAMP = struct.pack("=Q", layout.stamp())
CONFIG = STAMP.ljust(layout.CONFIG_BYTES, b"\0")


@pytest.fixture
def built() -> Path:
    try:
        library()
    except OSError as error:
        pytest.skip(str(error))
    if not object_path().exists():
        pytest.skip(f"{object_path()} has not been built")
    return object_path()


def refused(path: Path, use: Callable[[Object], object]) -> str:
    found = Object(path)
    with pytest.raises(CaptureError) as caught:
        use(found)
    found.close()
    assert "make setup" in str(caught.value)
    assert str(path) in str(caught.value)
    return str(caught.value)


def test_the_object_that_was_built_with_this_layout_is_taken(built: Path) -> None:
    found = Object(built)
    found.set_config(CONFIG)
    found.close()


def test_one_that_was_built_with_another_is_refused(built: Path, tmp_path: Path) -> None:
    content = built.read_bytes()
    assert content.count(STAMP) == 1
    other = tmp_path / "other.bpf.o"
    other.write_bytes(content.replace(STAMP, STAMP[::-1]))
    refused(other, lambda found: found.set_config(CONFIG))


def test_one_with_constants_of_another_size_is_refused(built: Path) -> None:
    refused(built, lambda found: found.set_config(CONFIG + b"\0"))


def test_one_without_constants_is_refused(built: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.bpf.o"
    other.write_bytes(built.read_bytes().replace(b".rodata\0", b".data.x\0"))
    refused(other, lambda found: found.set_config(CONFIG))


@pytest.mark.parametrize(
    "use",
    [
        lambda found: found.map_fd("nothing"),
        lambda found: found.set_max_entries("nothing", 1),
        lambda found: found.program_fd("nothing"),
        lambda found: found.leave_out(["nothing"]),
    ],
)
def test_what_it_lacks_is_named(built: Path, use: Callable[[Object], object]) -> None:
    assert "nothing" in refused(built, use)


def test_what_is_no_object_is_said_with_what_to_do(built: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.bpf.o"
    other.write_bytes(built.read_bytes()[:1000])
    with pytest.raises(CaptureError) as caught:
        Object(other)
    assert "make setup" in str(caught.value)
