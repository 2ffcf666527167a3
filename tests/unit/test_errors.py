"""What is said of errors of the system, and of what is in the place of a trace."""

from __future__ import annotations

import errno
from pathlib import Path

import pytest

from aklo_trace import store
from aklo_trace.ebpf.session import _cannot_begin
from aklo_trace.errors import StoreError
from aklo_trace.meta import Meta

META = Meta("ebpf", "by hand", ("true",), "/", 1)
ELSEWHERE = "another directory"


@pytest.mark.parametrize(
    ("error", "remedy", "elsewhere_helps"),
    [
        (errno.EMFILE, "ulimit -n", False),
        (errno.EAGAIN, "ulimit -u", False),
        (errno.ENOMEM, "ulimit -v", False),
        (errno.ENOSPC, "Make room", True),
        (errno.EACCES, "", True),
        (errno.EIO, "", True),
    ],
)
def test_a_remedy_is_one_for_that_error(error: int, remedy: str, elsewhere_helps: bool) -> None:
    for said in (
        _cannot_begin(Path("/a/trace/live"), error),
        store._unwritable(Path("/a/trace"), OSError(error, "for a reason")),
    ):
        assert remedy in str(said)
        assert (ELSEWHERE in str(said)) == elsewhere_helps
        assert "/a/trace" in str(said)
        if error != errno.ENOSPC:
            assert "oom" not in str(said)


def test_a_link_to_nothing_is_called_that(tmp_path: Path) -> None:
    link = tmp_path / "trace"
    link.symlink_to("gone")
    with pytest.raises(StoreError) as caught:
        store.begin(link, META)
    assert f"{link} is a symbolic link to gone" in str(caught.value)
    assert "--force" not in str(caught.value)
