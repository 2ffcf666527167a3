"""The wrapper's helper: what has the capabilities, and whom that is left to."""

from __future__ import annotations

import os
import shutil
import stat
import sys
from pathlib import Path

import pytest

from aklo_trace import wrapper
from aklo_trace.errors import StoreError, UsageError

NOBODY = 65534
EXECUTED = ("bin", "bin/python", "lib", "aklo_trace", "aklo_trace/wrapper.py")
OTHER = wrapper.struct.pack("<5I", wrapper.REVISION_2_EFFECTIVE, 1 << 10, 0, 0, 0)
"""CAP_NET_BIND_SERVICE."""


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An installation of root's own."""
    if os.geteuid() != 0:
        pytest.skip("needs root, to give a file capabilities")
    for name in ("bin", "lib", "aklo_trace"):
        (tmp_path / name).mkdir(mode=0o755)
    module = tmp_path / "aklo_trace" / "wrapper.py"
    module.touch(0o644)
    shutil.copy(os.path.realpath(sys.executable), tmp_path / "bin" / "python")
    (tmp_path / "bin" / "python").chmod(0o755)
    monkeypatch.setattr(wrapper.sys, "executable", str(tmp_path / "bin" / "python"))
    monkeypatch.setattr(wrapper, "__file__", str(module))
    monkeypatch.setattr(wrapper.sysconfig, "get_path", lambda _: str(tmp_path / "lib"))
    return tmp_path


def test_it_has_two_capabilities_for_one_group_and_goes_again(place: Path) -> None:
    for _ in range(2):  # once more, as after an update
        path = wrapper.install_helper("daemon")
    status = path.stat()
    assert stat.filemode(status.st_mode) == "-rwxr-x---"
    assert (status.st_uid, status.st_gid) == (0, 1)
    assert os.getxattr(path, wrapper.CAPABILITY_XATTR) == wrapper.CAPABILITY_VALUE
    assert path.read_bytes() == (place / "bin" / "python").read_bytes()
    assert wrapper.remove_helper() == path
    assert [file.name for file in (place / "bin").iterdir()] == ["python"]


@pytest.mark.parametrize("name", EXECUTED)
@pytest.mark.parametrize("whose", ["theirs", "writable"])
def test_none_is_made_of_what_others_can_change(place: Path, name: str, whose: str) -> None:
    path = place / name
    if whose == "theirs":
        shutil.chown(path, NOBODY)
    else:
        path.chmod(0o777)
    with pytest.raises(UsageError, match=name):
        wrapper.install_helper("daemon")
    assert not wrapper.helper().exists()


def test_what_stands_in_its_place_is_left_alone(place: Path) -> None:
    path = wrapper.helper()
    path.touch()
    os.setxattr(path, wrapper.CAPABILITY_XATTR, OTHER)
    with pytest.raises(StoreError, match="something else"):
        wrapper.install_helper("daemon")
    with pytest.raises(UsageError, match="left alone"):
        wrapper.remove_helper()
    path.unlink()
    victim = place / "victim"
    victim.touch()
    path.symlink_to(victim)
    with pytest.raises(StoreError, match="something else"):
        wrapper.install_helper("daemon")
    assert victim.stat().st_size == 0
