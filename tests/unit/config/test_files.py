"""Where files of configuration are looked for, and which of them are used."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from aklo_trace.config import files
from aklo_trace.config.entry import PROJECT, USER

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="needs root, to give files away")
NOBODY = 65534


def found(
    cwd: Path, environ: dict[str, str] | None = None, *command: str
) -> list[tuple[str, str, str]]:
    base = {"XDG_CONFIG_HOME": str(cwd / "c"), "XDG_CONFIG_DIRS": str(cwd / "s"), "PATH": ""}
    read = files.find(cwd, base | (environ or {}), Path("/home/u"), command)
    return [(file.level, file.path.replace(str(cwd), "W"), file.state) for file, _ in read]


def test_a_user_without_a_project(tmp_path: Path) -> None:
    assert found(tmp_path) == [
        ("user", "W/c/aklo-trace/config.toml", "not there"),
        ("system", "W/s/aklo-trace/config.toml", "not there"),
    ]


def test_without_variables_the_places_are_those_of_xdg(tmp_path: Path) -> None:
    read = files.find(tmp_path, {"XDG_CONFIG_HOME": "relative"}, Path("/home/u"))
    assert [file.path for file, _ in read] == [
        "/home/u/.config/aklo-trace/config.toml",
        "/etc/xdg/aklo-trace/config.toml",
    ]


def test_the_project_comes_before_the_tool(tmp_path: Path) -> None:
    (tmp_path / ".aklo.conf").touch()
    tool = tmp_path / "opt/bin/aklo"
    tool.parent.mkdir(parents=True)
    tool.touch()
    (tmp_path / "links").mkdir()
    (tmp_path / "links/aklo").symlink_to(tool)
    (tmp_path / "opt/config").mkdir()
    (tmp_path / "opt/config/.aklo.conf").touch()
    expected = [
        ("project", "W/.aklo.conf", "used"),
        ("project", "W/aklo/config/.aklo.conf", "not there"),
        ("project", "W/opt/config/.aklo.conf", "used"),
    ]
    assert found(tmp_path, {"PATH": f"x:/nowhere:{tmp_path}/links"})[:3] == expected
    assert found(tmp_path, {}, "bash", "./opt/bin/aklo", "status")[:3] == expected
    assert found(tmp_path, {}, "bash", "./opt/bin/other")[:3] != expected


def test_a_directory_that_was_removed_has_no_project() -> None:
    read = files.find(None, {}, Path("/home/u"))
    assert [file.level for file, _ in read] == ["user", "system"]


@needs_root
def test_what_belongs_to_somebody_else_is_named_and_not_used(tmp_path: Path) -> None:
    """A project further up still counts."""
    (tmp_path / ".aklo.conf").write_text("x")
    deep = tmp_path / "deep"
    deep.mkdir()
    (deep / ".aklo.conf").touch()
    os.chown(deep / ".aklo.conf", NOBODY, NOBODY)
    (deep / ".aklo.conf").chmod(0o666)
    first, second, *_ = files.find(deep, {}, Path("/home/u"))
    assert (first[0].state, first[0].why) == ("not used", f"it belongs to user {NOBODY}")
    assert (second[0].path, second[0].state) == (str(tmp_path / ".aklo.conf"), "used")


@needs_root
def test_a_link_to_what_belongs_to_somebody_else_is_not_followed_further(tmp_path: Path) -> None:
    (tmp_path / "theirs").write_text("[trace]\ntop=1\n")
    os.chown(tmp_path / "theirs", NOBODY, NOBODY)
    (tmp_path / ".aklo.conf").symlink_to("theirs")
    assert files.read(tmp_path / ".aklo.conf", PROJECT)[0].state == files.FOREIGN


def test_a_link_to_an_own_file_is_followed(tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("[trace]\n")
    (tmp_path / ".aklo.conf").symlink_to("mine")
    file, content = files.read(tmp_path / ".aklo.conf", PROJECT)
    assert (file.state, content) == (files.USED, b"[trace]\n")


@pytest.mark.parametrize("kind", ["fifo", "directory", "loop", "device", "dangling"])
def test_what_is_no_file_is_not_waited_for(kind: str, tmp_path: Path) -> None:
    path = tmp_path / ".aklo.conf"
    make = {
        "fifo": lambda: os.mkfifo(path),
        "directory": path.mkdir,
        "loop": lambda: path.symlink_to(path),
        "device": lambda: path.symlink_to("/dev/zero"),
        "dangling": lambda: path.symlink_to("nowhere"),
    }
    make[kind]()
    state = files.read(path, PROJECT)[0].state
    assert state == (files.ABSENT if kind == "dangling" else files.UNREADABLE)


def test_what_is_too_large_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_bytes(b"#" * files.MOST_BYTES)
    assert files.read(path, USER)[0].state == files.USED
    path.write_bytes(b"#" * (files.MOST_BYTES + 1))
    assert files.read(path, USER)[0].why == "it is larger than 256 KiB"


@needs_root
@pytest.mark.parametrize("kind", ["fifo", "directory"])
def test_what_somebody_else_has_put_there_is_no_mistake_of_ours(kind: str, tmp_path: Path) -> None:
    path = tmp_path / ".aklo.conf"
    os.mkfifo(path) if kind == "fifo" else path.mkdir()
    os.chown(path, NOBODY, NOBODY)
    assert files.read(path, PROJECT)[0].state == files.FOREIGN


@pytest.mark.parametrize(("mode", "is_private"), [(0o644, True), (0o664, False), (0o646, False)])
def test_who_else_can_write_a_file_is_known(mode: int, is_private: bool, tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.touch()
    path.chmod(mode)
    assert files.read(path, USER)[0].is_private is is_private
