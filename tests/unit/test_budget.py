"""The budget of a project: read, updated with its comments, and written as a whole."""

from __future__ import annotations

from pathlib import Path

import pytest

from aklo_trace import budget
from aklo_trace.errors import StoreError, UsageError

TEXT = """\
# our budget

[max."aklo status"]  # the slow one
processes = 437      # was 500 in May
wall_time = "2s"

[min."aklo *"]
"cache_ratio:parsed" = "50%"
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / budget.FILE
    path.write_text(TEXT)
    return path


def test_limits_have_their_command_and_line(file: Path) -> None:
    found = [
        (one.kind, one.command, one.key, one.given, one.origin.line) for one in budget.read(file)
    ]
    assert found == [
        ("max", "aklo status", "processes", 437, 4),
        ("max", "aklo status", "wall_time", "2s", 5),
        ("min", "aklo *", "cache_ratio:parsed", "50%", 8),
    ]
    about = [one.key for one in budget.read(file) if budget.is_about(one, "aklo new")]
    assert about == ["cache_ratio:parsed"]


def test_an_update_keeps_comments_and_what_is_not_updated(file: Path) -> None:
    text = budget.updated(file, "aklo status", {("max", "processes"): 440}, str)
    assert text == TEXT.replace("437 ", "440 ")


def test_an_update_adds_what_is_not_there(file: Path) -> None:
    amounts = {("max", "calls:openat"): 7, ("min", "cache_ratio:parsed"): "60%"}
    file.write_text(budget.updated(file, "aklo status", amounts, str))
    file.write_text(budget.updated(file, 'sh -c "a*[b]"', {("max", "processes"): 3}, str))
    found = {(one.kind, one.command, one.key): one.given for one in budget.read(file)}
    assert found["max", "aklo status", "calls:openat"] == 7
    assert found["min", "aklo *", "cache_ratio:parsed"] == "60%"
    (added,) = [one for one in budget.read(file) if budget.is_about(one, 'sh -c "a*[b]"')]
    assert added.given == 3


def test_an_update_finds_a_key_however_it_is_spelt(file: Path) -> None:
    file.write_text(TEXT.replace("wall_time", "wall"))
    amounts = {("max", "wall_time"): "3s"}
    canonical = {"wall": "wall_time"}
    text = budget.updated(file, "aklo status", amounts, lambda key: canonical.get(key, key))
    assert text == TEXT.replace("wall_time", "wall").replace('"2s"', '"3s"')


def test_a_new_budget_says_what_it_is(tmp_path: Path) -> None:
    text = budget.updated(tmp_path / "new", "aklo status", {("max", "processes"): 3}, str)
    assert text == budget.HEAD + '\n[max."aklo status"]\nprocesses = 3\n'


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[max", "is not TOML"),
        ("[maximum.x]\na = 1\n", "'maximum' is none of the tables"),
        ("max = 3\n", "'max' is none of the tables"),
        ("[max]\nprocesses = 3\n", "max.processes is no table"),
        ("a = " + "[" * 5000, "nested too deeply"),
    ],
)
def test_what_is_no_budget_is_refused(file: Path, text: str, said: str) -> None:
    file.write_text(text)
    with pytest.raises(UsageError, match=said.replace("[", "[[]")):
        budget.read(file)
    file.write_bytes(b"\xff")
    with pytest.raises(UsageError, match="not UTF-8"):
        budget.read(file)


def test_it_is_written_as_a_whole_with_the_permissions_it_had(file: Path) -> None:
    file.chmod(0o640)
    link = file.parent / "link.toml"
    link.symlink_to(file)
    budget.write(link, "# new\n")
    assert (file.read_text(), file.stat().st_mode & 0o777) == ("# new\n", 0o640)
    assert link.is_symlink()
    assert sorted(path.name for path in file.parent.iterdir()) == [budget.FILE, "link.toml"]


def test_where_it_cannot_be_written_it_stays(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="cannot be written"):
        budget.write(tmp_path / "nowhere/budget.toml", "")


def test_it_is_in_the_directory_of_the_project(tmp_path: Path) -> None:
    inside = tmp_path / "a/b"
    inside.mkdir(parents=True)
    assert budget.place(inside) == inside / budget.FILE
    (tmp_path / ".aklo.conf").write_text("")
    assert budget.place(inside) == tmp_path / budget.FILE
