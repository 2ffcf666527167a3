"""Names of one run, and where a tool is, keep nothing from being compared."""

from __future__ import annotations

import pytest

from aklo_analysis.compare.names import Move, moved, shape, shared


@pytest.mark.parametrize(
    ("name", "form"),
    [
        ("/tmp/aklo_benchmark.PEWk94/x", "/tmp/aklo_benchmark.*/x"),
        ("/tmp/tmp.Ab3dE6fGh1", "/tmp/tmp.*"),
        ("/proc/123/status", "/proc/*/status"),
        ("/run/user/lock-48213", "/run/user/lock-*"),
        ("/srv/README.md", "/srv/README.md"),
        ("/lib/x86_64-linux-gnu/libc.so.6", "/lib/x86_64-linux-gnu/libc.so.6"),
        ("backlog/PBI-001-item.md", "backlog/PBI-001-item.md"),
        ("LC_IDENTIFICATION", "LC_IDENTIFICATION"),
        ("MyModuleName", "MyModuleName"),
        ("sha256sum utf8", "sha256sum utf8"),
    ],
)
def test_words_that_are_made_up_are_left_out(name: str, form: str) -> None:
    assert shape(name) == form


def test_only_names_that_differ_from_run_to_run_are_shaped() -> None:
    runs = [{"/tmp/x.Ab3dE6", "/etc/A1b2C3d4", "/new.Qw3rT9"}, {"/tmp/x.Zy9wV8", "/etc/A1b2C3d4"}]
    found = shared(runs)
    assert found["/tmp/x.Ab3dE6"] == found["/tmp/x.Zy9wV8"] == "/tmp/x.*"
    assert found["/etc/A1b2C3d4"] == "/etc/A1b2C3d4"
    assert found["/new.Qw3rT9"] == "/new.Qw3rT9"
    assert shared([]) == {}


def test_a_tool_that_was_moved_is_found_where_most_of_it_is() -> None:
    before = {"/opt/v1/bin/a", "/opt/v1/lib/b.sh", "/etc/profile"}
    after = {"/home/v2/bin/a", "/home/v2/lib/b.sh", "/etc/profile"}
    assert moved(before, after) == Move("/opt/v1", "/home/v2")
    assert moved(before, before) is None
    assert moved(before, {*before, "/opt/v1/lib/new.sh"}) is None


def test_a_tool_below_the_root_has_a_directory_of_its_own_all_the_same() -> None:
    here, there = {"/home/me/app/a", "/home/me/app/lib/b"}, {"/app/a", "/app/lib/b"}
    assert moved(here, there) == Move("/home/me/app", "/app")
    assert moved(there, here) == Move("/app", "/home/me/app")
    assert moved({"/home/me/a"}, {"/a"}) == Move("/home/me/a", "/a")


@pytest.mark.parametrize(
    ("now", "before"),
    [
        ("/app/lib/x", "/home/me/app/lib/x"),
        ("/app", "/home/me/app"),
        ("/apples/x", "/apples/x"),
        ("/srv/app/x", "/srv/app/x"),
        ("/srv/of /app/x", "/srv/of /app/x"),
        ("/etc/hosts", "/etc/hosts"),
    ],
)
def test_a_path_is_moved_at_its_beginning_alone(now: str, before: str) -> None:
    assert Move("/home/me/app", "/app").path_before(now) == before


def test_a_command_has_paths_in_many_places() -> None:
    now = "/app/x --in=/app/a '/app/b c' /srv/app/d /apples PATH=/bin:/app ls /app"
    before = "/h/app/x --in=/h/app/a '/h/app/b c' /srv/app/d /apples PATH=/bin:/h/app ls /h/app"
    assert Move("/h/app", "/app").command_before(now) == before
