"""Names of one run, and where a tool is, keep nothing from being compared."""

from __future__ import annotations

import pytest

from aklo_analysis.compare.names import moved, shape, shared


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
    assert moved(before, {"/home/v2/bin/a", "/home/v2/lib/b.sh", "/etc/profile"}) == (
        "/opt/v1/",
        "/home/v2/",
    )
    assert moved(before, before) is None
    assert moved(before, {*before, "/opt/v1/lib/new.sh"}) is None
