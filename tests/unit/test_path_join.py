"""Paths made absolute by their text alone."""

from __future__ import annotations

import posixpath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aklo_trace.paths import comes_back, entered, resolve


@pytest.mark.parametrize(
    ("directory", "path", "joined"),
    [
        (b"/d", b"f", b"/d/f"),
        (b"/d/", b"f", b"/d/f"),
        (b"/", b"f", b"/f"),
        (b"/d", b"/f", b"/f"),
        (b"/d", b".", b"/d"),
        (b"/d", b"./f", b"/d/f"),
        (b"/d", b"f/", b"/d/f"),
        (b"/d", b"f/.", b"/d/f"),
        (b"/d", b"../f", b"/d/../f"),
        (b"/d", b"..", b"/d/.."),
        (b"/d", b".hidden", b"/d/.hidden"),
        (b"/d", b"...", b"/d/..."),
        (b"/d", b"a//b///c", b"/d/a/b/c"),
        (b"/d", b"a/././b", b"/d/a/b"),
        (None, b"f", b"f"),
        (None, b"./f", b"./f"),
        (None, b"/f", b"/f"),
        (None, b"/", b"/"),
        (None, b"//", b"/"),
        (None, b"/.", b"/"),
        (b"/", b".", b"/"),
        (b"/", b"./.", b"/"),
        (b"/d", b".\n", b"/d/.\n"),
        (b"/d", b"/.\n", b"/.\n"),
        (b"relative", b"f", b"relative/f"),
        (b"/d", b"\xff\n", b"/d/\xff\n"),
    ],
)
def test_join(directory: bytes | None, path: bytes, joined: bytes) -> None:
    assert resolve(directory, path) == joined


@pytest.mark.parametrize(
    ("root", "path", "resolved"),
    [
        (b"/jail", b"/f", b"/jail/f"),
        (b"/jail", b"/", b"/jail"),
        (b"/jail", b"/../../f", b"/jail/f"),
        (b"/jail", b"/a/../f", b"/jail/a/../f"),
        (b"/jail", b"/..f", b"/jail/..f"),
        (b"/jail", b"f", b"/jail/f"),
        (None, b"/f", b"f"),
        (None, b"/", b"."),
    ],
)
def test_a_path_below_another_root(root: bytes | None, path: bytes, resolved: bytes) -> None:
    assert resolve(root, path, below_root=True) == resolved


@pytest.mark.parametrize(
    ("directory", "path", "there"),
    [
        (b"/d", b"..", b"/"),
        (b"/d/e", b"..", b"/d"),
        (b"/d/e", b"./../../..", b"/"),
        (b"/", b"..", b"/"),
        (b"/d", b".", b"/d"),
        (b"/d", b"e", b"/d/e/"),
        (b"/d", b"../e", b"/e/"),
        (b"/d", b"e/..", b"/d/e/../"),
        (b"/d/e/", b"..", b"/d/e/../"),
        (b"/d/e/", b".", b"/d/e/"),
        (b"/d/e/", b"f//./g/", b"/d/e/f/g/"),
        (b"/d/e/", b"/f", b"/f/"),
        (None, b"/../f", b"/f/"),
        (None, b"/", b"/"),
        (None, b"/f/..", b"/f/../"),
        (None, b"..", None),
    ],
)
def test_a_working_directory(directory: bytes | None, path: bytes, there: bytes | None) -> None:
    """In that which the kernel named ``..`` is known; in one that was entered by name it is not:
    that may be a link."""
    assert entered(directory, path) == there


@pytest.mark.parametrize(
    ("path", "name", "comes"),
    [
        (b"/d/e/..", b"/d", True),
        (b"/d/e/../f/..", b"/d", True),
        (b"/d/../d", b"/d", True),
        (b"/d/link/../e/..", b"/d/link/..", True),
        (b"/d/e", b"/d", False),
        (b"/d/..", b"/d", False),
        (b"/d/../e", b"/d", False),
        (b"/de/..", b"/d", False),
        (b"/e/..", b"/", True),
    ],
)
def test_a_way_that_comes_back(path: bytes, name: bytes, comes: bool) -> None:
    assert comes_back(path, name) == comes


NAMES = st.sampled_from([b"", b".", b"..", b"a", b"b.c", b".d", b"e."])
PATHS = st.lists(NAMES, min_size=1, max_size=6).map(b"/".join).filter(bool)
DIRECTORIES = st.lists(NAMES, max_size=4).map(lambda names: b"/" + b"/".join(names))


@given(DIRECTORIES, PATHS)
def test_it_names_the_same_file(directory: bytes, path: bytes) -> None:
    """As long as no component is a symbolic link."""
    joined = resolve(directory, path)
    meant = posixpath.normpath(posixpath.join(directory, path))
    assert posixpath.normpath(joined).lstrip(b"/") == meant.lstrip(b"/")


@given(DIRECTORIES, PATHS)
def test_it_is_tidy_and_absolute(directory: bytes, path: bytes) -> None:
    joined = resolve(directory, path)
    assert joined.startswith(b"/")
    names = joined[1:].split(b"/")
    assert joined == b"/" or not {b"", b"."} & set(names)
    assert resolve(None, joined) == joined


@given(DIRECTORIES, PATHS)
def test_what_leads_upwards_stays(directory: bytes, path: bytes) -> None:
    given = posixpath.join(directory, path).split(b"/")
    assert resolve(directory, path).split(b"/").count(b"..") == given.count(b"..")
