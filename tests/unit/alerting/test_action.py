"""Actions as the configuration has them."""

from __future__ import annotations

from pathlib import Path

import pytest

from aklo_trace.alerting.action import Action, actions
from aklo_trace.config import toml_file
from aklo_trace.config.configuration import Configuration, resolved
from aklo_trace.config.entry import USER, Origin


def configuration(text: str) -> Configuration:
    found = resolved(toml_file.read(text, Origin(USER, "c.toml"))[0])
    assert found.problems == ()
    return found


def test_each_kind_of_action() -> None:
    text = """
        action.run = { command = ["notify-send", "-u", "low", "{message}"], timeout = "2s" }
        action.hook = { url = "https://example.org/x", on = ["cleared"] }
        action.log = { file = "~/log" }
    """
    found, problems = actions(configuration(text), "/home/u")
    assert problems == ()
    default = ("raised", "repeated")
    command = ("notify-send", "-u", "low", "{message}")
    assert found == {
        "run": Action("run", command, "", None, 2.0, default),
        "hook": Action("hook", (), "https://example.org/x", None, 10.0, ("cleared",)),
        "log": Action("log", (), "", Path("/home/u/log"), 10.0, default),
    }


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('action.a.on = ["raised"]', "1: action.a.on: an action needs one of command, url, file"),
        ('action.a = {url = "http://x", file = "/y"}', "an action needs one of command, url, file"),
        ('action.a.command = ["./x"]', "1: action.a.command: must name a program on PATH"),
        ('action.a.command = ["bin/x"]', "must name a program on PATH, or by its absolute path"),
        ('alert.x.actions = ["gone"]', "1: alert.x.actions: there is no action 'gone'"),
    ],
)
def test_what_makes_no_sense_is_named_and_left_out(text: str, said: str) -> None:
    found, problems = actions(configuration(text), "/home/u")
    assert found == {}
    assert said in str(problems[0])


@pytest.mark.parametrize(
    "text",
    [
        'url = "ftp://x"',
        'url = "file:///etc/passwd"',
        'url = "http://x y"',
        'url = "https://x\\u0000"',
        'file = "relative/log"',
        'file = "/a/"',
        "command = []",
        'timeout = "61s"',
        'timeout = "0s"',
        'on = ["pending"]',
    ],
)
def test_a_value_that_is_not_allowed(text: str) -> None:
    found = resolved(toml_file.read(f"[action.a]\n{text}", Origin(USER, "c.toml"))[0])
    assert len(found.problems) == 1
