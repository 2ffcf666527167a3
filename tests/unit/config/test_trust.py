"""Actions of a file that others can write wait for trust, in exactly this content and place."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from aklo_trace.config import trust
from aklo_trace.config.configuration import Configuration, load
from aklo_trace.errors import StoreError

CONF = """\
IO_ALERT_THRESHOLD_MS=5
[alert.many]
metric=processes
over=3
actions=mine ours
[action.ours]
command=touch made
"""
TOML = """\
[action.mine]
command = ["true"]
[alert.slow_operation]
actions = ["mine"]
"""


class Home:
    def __init__(self, folder: Path) -> None:
        self.conf = folder / "project/.aklo.conf"
        self.toml = folder / "home/.config/aklo-trace/config.toml"
        self.data = folder / "home/.local/share/aklo-trace"
        for file, text in ((self.conf, CONF), (self.toml, TOML)):
            file.parent.mkdir(parents=True)
            file.write_text(text)
            file.chmod(0o644)
        self._home = folder / "home"

    def load(self) -> Configuration:
        return load(self.conf.parent, {"XDG_CONFIG_DIRS": "/nowhere", "PATH": ""}, self._home)

    def trust(self) -> None:
        path = trust.place_of(str(self.conf))
        trust.write(self.data, {path: trust.digest(self.conf.read_bytes())})


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path)


def is_acting(found: Configuration) -> bool:
    names = {"action.ours.command", "alert.many.actions"} & found.settings.keys()
    assert len(names) in (0, 2)
    return bool(names)


def test_a_projects_actions_are_left_out_and_its_thresholds_are_not(home: Home) -> None:
    found = home.load()
    assert not is_acting(found)
    assert found.value("monitoring.alert_threshold_ms", int) == 5
    assert found.settings["alert.many.over"].value == "3"
    (problem,) = found.problems
    assert (problem.origin.line, problem.is_mistake) == (5, False)
    assert f"aklo-trace config trust {home.conf}" in str(problem)
    assert [file.is_trusted for file in found.files if file.state == "used"] == [False, None]


def test_the_users_own_actions_are_not_touched_by_it(home: Home) -> None:
    home.conf.write_text("[action.mine]\ncommand=evil\n[alert.slow_operation]\nactions=\n")
    found = home.load()
    assert found.settings["action.mine.command"].value == ("true",)
    assert found.settings["alert.slow_operation.actions"].value == ("mine",)


def test_trust_is_for_exactly_this_content(home: Home) -> None:
    home.trust()
    found = home.load()
    assert is_acting(found)
    assert found.problems == ()
    home.conf.write_text(CONF + "\n")
    assert not is_acting(home.load())
    home.conf.write_text(CONF)
    assert is_acting(home.load())


def test_trust_is_for_exactly_this_place(home: Home, tmp_path: Path) -> None:
    home.trust()
    other = tmp_path / "other"
    other.mkdir()
    home.conf.rename(other / ".aklo.conf")
    home.conf.symlink_to(other / ".aklo.conf")
    assert is_acting(home.load())  # the same content, at the same place
    found = load(other, {"XDG_CONFIG_DIRS": "/nowhere"}, tmp_path / "home")
    assert not is_acting(found)


def test_a_folder_that_is_reached_by_a_link_is_the_same_place(home: Home, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("project")
    assert trust.place_of(str(tmp_path / "link/.aklo.conf")) == str(home.conf)


@pytest.mark.parametrize("mode", [0o664, 0o646])
def test_a_users_file_that_others_can_write_needs_trust_too(mode: int, home: Home) -> None:
    home.toml.chmod(mode)
    found = home.load()
    assert "action.mine.command" not in found.settings
    assert any(str(home.toml) in str(problem) for problem in found.problems)


def test_what_is_trusted_is_for_its_owner_alone(home: Home) -> None:
    home.trust()
    file = home.data / trust.FILE
    assert file.stat().st_mode & 0o777 == 0o600
    assert home.data.stat().st_mode & 0o777 == 0o700
    file.chmod(0o660)
    assert not is_acting(home.load())


@pytest.mark.parametrize(
    "content",
    [b"", b"\xff", b"[]", b"{}", b"{" * 100_000, b'{"version": 2, "files": {}}'],
)
def test_a_damaged_file_trusts_nothing(content: bytes, home: Home) -> None:
    home.trust()
    (home.data / trust.FILE).write_bytes(content)
    assert trust.read(home.data) == {}
    assert not is_acting(home.load())


def test_what_is_no_digest_trusts_nothing(home: Home) -> None:
    home.data.mkdir(parents=True)
    text = json.dumps({"version": 1, "files": {str(home.conf): None, "/x": 5}})
    (home.data / trust.FILE).write_text(text)
    assert trust.read(home.data) == {}


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root, to give files away")
def test_what_somebody_else_trusts_counts_for_nothing(home: Home) -> None:
    home.trust()
    os.chown(home.data / trust.FILE, 65534, 65534)
    assert not is_acting(home.load())


def test_a_place_that_cannot_be_written_is_named(home: Home) -> None:
    home.data.parent.mkdir(parents=True)
    home.data.touch()
    with pytest.raises(StoreError, match=r"What is trusted cannot be written to .*trusted\.json"):
        home.trust()


def test_a_link_in_the_place_of_what_is_trusted_is_replaced(home: Home, tmp_path: Path) -> None:
    home.data.mkdir(parents=True)
    (tmp_path / "theirs").write_text("mine")
    (home.data / trust.FILE).symlink_to(tmp_path / "theirs")
    home.trust()
    assert (tmp_path / "theirs").read_text() == "mine"
    assert is_acting(home.load())
