"""Where traces are kept, and how they are found."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aklo_trace import location
from aklo_trace.errors import NotATrace, StoreError

NOW = datetime(2024, 2, 29, 13, 5, 7, 123_456, UTC)


@pytest.mark.parametrize(
    ("argv", "slug"),
    [
        (["/usr/bin/aklo", "cache", "benchmark"], "aklo-cache-benchmark"),
        (["./run.sh", "--fast", "a b/c"], "run.sh-fast-a-b-c"),
        (["bash", "-c", "rm -rf /"], "bash-c-rm-rf"),
        (["..."], "trace"),
        ([""], "trace"),
        ([], "trace"),
        (["žluťoučký"], "lu-ou-k"),
        (["/"], "trace"),
        (["x", "y" * 100], "x-" + "y" * 46),
        (["x", "y" * 45 + "-" * 9 + "z"], "x-" + "y" * 45),
    ],
)
def test_a_command_as_a_file_name(argv: list[str], slug: str) -> None:
    assert location.slug(argv) == slug


@given(st.lists(st.text(), max_size=5))
def test_any_command_makes_a_harmless_file_name(argv: list[str]) -> None:
    slug = location.slug(argv)
    assert 0 < len(slug) <= location.SLUG_CHARACTERS
    assert slug.isascii()
    assert not set(slug) & set("/ \0\n")
    assert not slug.startswith((".", "-"))


def test_names_sort_by_time_and_say_the_command(tmp_path: Path) -> None:
    trace = location.new_trace(tmp_path, ["/bin/aklo", "status"], NOW)
    assert trace == tmp_path / "2024-02-29T13-05-07.123Z-aklo-status"
    later = location.new_trace(tmp_path, ["a"], NOW.replace(microsecond=124_000))
    assert later.name > trace.name


def test_a_second_trace_of_the_same_moment_has_another_name(tmp_path: Path) -> None:
    names = []
    for _ in range(3):
        trace = location.new_trace(tmp_path, ["a"], NOW)
        trace.mkdir()
        names.append(trace.name)
    assert [name.rpartition("-a")[2] for name in names] == ["", "-2", "-3"]


def test_a_store_keeps_itself_out_of_commits(tmp_path: Path) -> None:
    store = tmp_path / "project" / ".aklo_metrics"
    location.new_trace(store, ["a"], NOW)
    assert (store / ".gitignore").read_text().splitlines()[-1] == "*"
    (store / ".gitignore").write_text("# mine")
    location.new_trace(store, ["a"], NOW)
    assert (store / ".gitignore").read_text() == "# mine"


def test_a_directory_that_is_somebody_elses_is_left_as_it_is(tmp_path: Path) -> None:
    location.new_trace(tmp_path, ["a"], NOW)
    assert list(tmp_path.iterdir()) == []
    location.new_trace(tmp_path / "new", ["a"], NOW)
    assert (tmp_path / "new" / ".gitignore").exists()


def test_a_store_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StoreError, match=r"file/store: Not a directory.*-o"):
        location.new_trace(tmp_path / "file" / "store", ["a"], NOW)


def test_a_project_is_found_upwards(tmp_path: Path) -> None:
    deep = tmp_path / "a" / "b"
    deep.mkdir(parents=True)
    assert location.project(deep) is None
    (tmp_path / "a" / ".aklo.conf").touch()
    assert location.project(deep) == tmp_path / "a"
    (deep / ".aklo.conf").mkdir()
    assert location.project(deep) == tmp_path / "a"


@pytest.mark.parametrize(
    ("environ", "store"),
    [
        ({}, "/home/u/.local/share/aklo-trace"),
        ({"XDG_DATA_HOME": "/data"}, "/data/aklo-trace"),
        ({"XDG_DATA_HOME": ""}, "/home/u/.local/share/aklo-trace"),
        ({"XDG_DATA_HOME": "relative"}, "/home/u/.local/share/aklo-trace"),
    ],
)
def test_the_users_store(environ: dict[str, str], store: str) -> None:
    """XDG Base Directory Specification: a relative value is to be ignored."""
    assert location.user_store(environ, Path("/home/u")) == Path(store)


def test_a_projects_store_comes_first(tmp_path: Path) -> None:
    (tmp_path / ".aklo.conf").touch()
    users = tmp_path / "users"
    assert location.stores(tmp_path, users) == [tmp_path / ".aklo_metrics", users]
    assert location.stores(Path("/"), users) == [users]


@pytest.mark.parametrize(
    ("wanted", "in_project", "elsewhere"),
    [("metrics", ["P/metrics"], []), ("../m", ["P/../m"], []), ("/m", ["/m"], ["/m"])],
)
def test_a_place_that_is_wanted_comes_first(
    wanted: str, in_project: list[str], elsewhere: list[str], tmp_path: Path
) -> None:
    (tmp_path / ".aklo.conf").touch()
    users, place = Path("/users"), Path(wanted)
    found = location.stores(tmp_path, users, place)
    assert [str(path).replace(str(tmp_path), "P") for path in found] == [*in_project, "/users"]
    assert location.stores(Path("/"), users, place) == [*map(Path, elsewhere), users]


@pytest.mark.parametrize(
    ("path", "found"), [("~/a", "/home/u/a"), ("~", "~"), ("~x/a", "~x/a"), ("/a/~/b", "/a/~/b")]
)
def test_a_home_directory_is_put_in(path: str, found: str) -> None:
    assert location.expanded(path, "/home/u") == Path(found)


@pytest.fixture
def places(tmp_path: Path) -> list[Path]:
    """Two stores with traces."""
    found = [tmp_path / "one", tmp_path / "two"]
    for place, names in zip(found, (["2024-a", "2026-c"], ["2025-b", "2023-d"]), strict=True):
        for name in names:
            (place / name).mkdir(parents=True)
            (place / name / "meta.json").touch()
        (place / "no-trace").mkdir()
        (place / "file").touch()
    return found


def test_traces_are_listed_newest_first(places: list[Path]) -> None:
    assert [path.name for path in location.traces(places[0])] == ["2026-c", "2024-a"]
    assert location.traces(places[0] / "nowhere") == []


def test_the_latest_is_that_of_all_stores(places: list[Path]) -> None:
    assert location.find("latest", places) == places[0] / "2026-c"
    assert location.find("latest", places[::-1]) == places[0] / "2026-c"


def test_a_trace_is_found_by_path_or_by_name(places: list[Path]) -> None:
    assert location.find("2025-b", places) == places[1] / "2025-b"
    path = str(places[0] / "2024-a")
    assert location.find(path, []) == Path(path)


@pytest.mark.parametrize("name", ["2099-x", "/nowhere/at/all", "n" * 5000, "nul\0byte"])
def test_what_is_not_there_is_said(places: list[Path], name: str) -> None:
    with pytest.raises(NotATrace, match="There is no trace") as raised:
        location.find(name, places)
    assert all(str(place) in str(raised.value) for place in places)


def test_the_latest_of_nothing(tmp_path: Path) -> None:
    with pytest.raises(NotATrace, match=r"There is no trace in .*nowhere yet"):
        location.find("latest", [tmp_path / "nowhere"])


def test_what_may_not_be_looked_at_is_passed_over(tmp_path: Path) -> None:
    """A name that is too long gives the same kind of error as a folder that is closed to us."""
    cwd = tmp_path / ("d" * 250)
    cwd.mkdir()
    deep = Path(os.path.join(cwd, *["e" * 250] * 20))  # noqa: PTH118
    assert location.project(deep) is None


def test_a_trace_is_named_so_that_it_is_found_again(tmp_path: Path) -> None:
    store, other = tmp_path / "store", tmp_path / "x"
    assert location.name_of(store / "one", [store]) == "one"
    assert location.name_of(other, [store]) == str(other)
