"""What is said of errors of the system, and of what is in the place of a trace."""

from __future__ import annotations

import errno
from pathlib import Path

import pytest

from aklo_trace import store
from aklo_trace.ebpf.session import _cannot_begin
from aklo_trace.ebpf.watch_spool import WatchSpool, recording_into
from aklo_trace.errors import NotATrace, StoreError
from aklo_trace.meta import Meta

META = Meta("ebpf", "by hand", ("true",), "/", 1)
ELSEWHERE = "another directory"


@pytest.mark.parametrize(
    ("error", "remedy", "elsewhere_helps"),
    [
        (errno.EMFILE, "ulimit -n", False),
        (errno.EAGAIN, "ulimit -u", False),
        (errno.ENOMEM, "ulimit -v", False),
        (errno.EFBIG, "ulimit -f", False),
        (errno.ENOSPC, "Make room", True),
        (errno.EACCES, "may be written", True),
        (errno.EIO, "emove the cause", True),
    ],
)
def test_a_remedy_is_one_for_that_error(error: int, remedy: str, elsewhere_helps: bool) -> None:
    for said in (
        _cannot_begin(Path("/a/trace/live"), error),
        store._unwritable(Path("/a/trace"), OSError(error, "for a reason")),
        of_a_spool(WatchSpool(Path("/a/trace")), OSError(error, "for a reason")),
    ):
        assert remedy in str(said)
        assert (ELSEWHERE in str(said)) == elsewhere_helps
        assert "/a/trace" in str(said)
        if error != errno.ENOSPC:
            assert "oom" not in str(said)


def of_a_spool(spool: WatchSpool, error: OSError) -> StoreError:
    with pytest.raises(StoreError) as caught, recording_into(spool):
        raise error
    return caught.value


def begun(directory: Path) -> str:
    """What is said of a directory that there cannot be."""
    with pytest.raises(StoreError) as caught:
        store.begin(directory, META)
    return str(caught.value)


@pytest.mark.parametrize("below", ["", "x", "x/y"])
def test_a_link_to_nothing_is_called_that(tmp_path: Path, below: str) -> None:
    link = tmp_path / "trace"
    link.symlink_to("gone")
    said = begun(link / below)
    assert said.startswith(f"{link} is a symbolic link to gone")
    assert "--force" not in said


@pytest.mark.parametrize("below", ["x", "x/y"])
def test_a_parent_that_is_no_directory_is_named(tmp_path: Path, below: str) -> None:
    plain = tmp_path / "plain"
    plain.touch()
    assert f"{plain / below} cannot be made: {plain} is no directory" in begun(plain / below)


def test_what_is_no_trace_makes_no_way(tmp_path: Path) -> None:
    path = tmp_path / "trace"
    store.make_way(path)  # where nothing is there is nothing to do
    path.symlink_to("gone")
    with pytest.raises(NotATrace):
        store.make_way(path)
    assert path.is_symlink()
    path.unlink()
    path.touch()
    with pytest.raises(NotATrace):
        store.make_way(path)
    assert path.exists()
