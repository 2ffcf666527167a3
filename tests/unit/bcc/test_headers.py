"""Which kernel headers bcc compiles with."""

from __future__ import annotations

from pathlib import Path

import pytest

from aklo_trace.bcc.headers import COMPLETE, CONFIGURED, find_headers

NONE = ("/no/headers/{release}",)


def make(place: Path, name: str, *files: str) -> Path:
    tree = place / name
    for file in files:
        (tree / file).parent.mkdir(parents=True, exist_ok=True)
        (tree / file).touch()
    return tree


def configured(place: Path, name: str, *files: str) -> Path:
    tree = make(place, name, CONFIGURED, *files)
    (tree / "arch/x86/include/generated").mkdir(parents=True)
    return tree


def test_where_there_are_none_there_is_nothing(tmp_path: Path) -> None:
    assert find_headers((tmp_path, tmp_path / "absent"), NONE) is None


def test_those_of_the_running_kernel_are_left_to_bcc(tmp_path: Path) -> None:
    found = find_headers((), (str(tmp_path),))
    assert found is not None
    assert (found.environ, found.flags) == ({}, ())


def test_debian_keeps_them_in_two_trees(tmp_path: Path) -> None:
    own = configured(tmp_path, "linux-headers-6.1.0-56-cloud-amd64")
    common = make(tmp_path, "linux-headers-6.1.0-56-common", COMPLETE)
    found = find_headers((tmp_path,), NONE, "x86_64")
    assert found is not None
    assert found.environ == {"BCC_KERNEL_SOURCE": str(common)}
    assert f"-I{own}/arch/x86/include/generated/uapi" in found.flags
    assert f"-I{own}/include" in found.flags


def test_ubuntu_and_fedora_keep_them_in_one(tmp_path: Path) -> None:
    own = configured(tmp_path, "6.8.0-generic", COMPLETE)
    found = find_headers((tmp_path,), NONE, "x86_64")
    assert found is not None
    assert found.environ == {"BCC_KERNEL_SOURCE": str(own)}


def test_the_newest_are_taken(tmp_path: Path) -> None:
    for version in ("6.9.1", "6.10.0", "5.15.0"):
        configured(tmp_path, f"linux-headers-{version}-1-generic", COMPLETE)
    found = find_headers((tmp_path,), NONE, "x86_64")
    assert found is not None
    assert found.environ["BCC_KERNEL_SOURCE"].endswith("6.10.0-1-generic")


@pytest.mark.parametrize("machine", ["aarch64", "riscv64"])
def test_those_of_another_machine_are_of_no_use(tmp_path: Path, machine: str) -> None:
    configured(tmp_path, "linux-headers-6.9.1-1-generic", COMPLETE)
    assert find_headers((tmp_path,), NONE, machine) is None


def test_a_tree_without_its_common_part_is_of_no_use(tmp_path: Path) -> None:
    configured(tmp_path, "linux-headers-6.1.0-56-amd64")
    assert find_headers((tmp_path,), NONE, "x86_64") is None
