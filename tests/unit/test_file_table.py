"""The table of files: names and identities, each pair once."""

from __future__ import annotations

import stat

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aklo_trace.files import FileTable
from aklo_trace.schema import FileFlag

REGULAR = stat.S_IFREG | 0o644
A, B = b"/a", b"/b"


@pytest.fixture
def files() -> FileTable:
    return FileTable()


def named(files: FileTable, path: bytes, inode: int | None = None, flags: int = 0) -> int:
    key = None if inode is None else (1, inode, 0)
    return files.named(files.intern(path), key, 0 if inode is None else REGULAR, flags)


def rows(files: FileTable) -> list[tuple[object, ...]]:
    columns = files.columns()
    return list(zip(columns["path"], columns["dev"], columns["inode"], strict=True))


def test_a_path_alone_is_one_row(files: FileTable) -> None:
    assert named(files, A) == named(files, A)
    assert rows(files) == [("/a", None, None)]


def test_a_path_learns_its_identity(files: FileTable) -> None:
    assert named(files, A) == named(files, A, 5) == named(files, A)
    assert rows(files) == [("/a", 1, 5)]


def test_a_path_that_names_another_inode_is_another_row(files: FileTable) -> None:
    first, second = named(files, A, 5), named(files, A, 6)
    assert first != second
    assert named(files, A) == second
    assert named(files, A, 5) == first
    assert rows(files) == [("/a", 1, 5), ("/a", 1, 6)]


def test_an_inode_that_is_used_again_gets_its_new_name(files: FileTable) -> None:
    named(files, A, 5)
    second = named(files, B, 5)
    assert files.known((1, 5, 0)) == second
    assert rows(files) == [("/a", 1, 5), ("/b", 1, 5)]


def test_names_of_one_inode_are_rows_of_their_own(files: FileTable) -> None:
    """As hard links are."""
    first, second = named(files, A, 5), named(files, B, 5)
    assert first != second
    assert named(files, A, 5) == first
    assert files.known((1, 5, 0)) == first


def test_one_inode_number_on_two_devices_is_two_files(files: FileTable) -> None:
    first = files.named(files.intern(A), (1, 5, 0), REGULAR, 0)
    assert files.known((2, 5, 0)) is None
    assert files.named(files.intern(A), (2, 5, 0), REGULAR, 0) != first


def test_a_nameless_file_has_a_row_without_a_path(files: FileTable) -> None:
    nameless = files.nameless((1, 5, 0), stat.S_IFSOCK)
    assert files.known((1, 5, 0)) == nameless
    assert files.path(nameless) is None
    assert rows(files) == [(None, 1, 5)]
    assert files.columns()["kind"] == ["socket"]


def test_a_nameless_file_does_not_take_the_place_of_a_name(files: FileTable) -> None:
    first = named(files, A, 5)
    files.nameless((1, 5, 0), REGULAR)
    assert files.known((1, 5, 0)) == first


@pytest.mark.parametrize(
    ("mode", "has_path", "kind"),
    [
        (stat.S_IFREG, True, "regular"),
        (stat.S_IFDIR, True, "directory"),
        (stat.S_IFLNK, True, "symlink"),
        (stat.S_IFCHR, True, "character"),
        (stat.S_IFBLK, True, "block"),
        (stat.S_IFIFO, True, "fifo"),
        (stat.S_IFIFO, False, "pipe"),
        (stat.S_IFSOCK, False, "socket"),
        (0o600, False, "anonymous"),
        (0, True, None),
    ],
)
def test_kinds(files: FileTable, mode: int, has_path: bool, kind: str | None) -> None:
    if has_path:
        files.named(files.intern(A), (1, 5, 0), mode, 0)
    else:
        files.nameless((1, 5, 0), mode)
    assert files.columns()["kind"] == [kind]


def test_marks_stay_and_odd_bytes_are_marked(files: FileTable) -> None:
    named(files, b"/caf\xe9", flags=FileFlag.PATH_TRUNCATED)
    named(files, b"/caf\xe9", 5)
    columns = files.columns()
    assert columns["path"] == [r"/caf\xe9"]
    assert columns["flags"] == [FileFlag.PATH_TRUNCATED | FileFlag.NOT_UTF8]


def key(inode: int) -> tuple[int, int, int]:
    return 1, inode, 0


MENTIONS = st.lists(
    st.tuples(st.sampled_from([A, B, b"/c"]), st.none() | st.integers(1, 4)), max_size=40
)


@settings(deadline=None)
@given(MENTIONS)
def test_it_says_what_dicts_of_all_pairs_would_say(
    mentions: list[tuple[bytes, int | None]],
) -> None:
    files = FileTable()
    last: dict[bytes, int] = {}
    pairs: dict[tuple[bytes, int], int] = {}
    identities: dict[int, int | None] = {}
    for path, inode in mentions:
        current = last.get(path)
        if inode is None:
            expected = current
        elif (path, inode) in pairs:
            expected = pairs[path, inode]
        else:
            expected = None if current is None or identities[current] is not None else current
        found = named(files, path, inode)
        assert found == (len(identities) if expected is None else expected)
        identities[found] = identities.get(found) or inode
        last[path] = found
        if inode is not None:
            pairs[path, inode] = found
            assert files.known(key(inode)) == found
    assert files.columns()["inode"] == list(identities.values())
