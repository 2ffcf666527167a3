"""Classes of calls and media become activities; nothing falls through."""

from __future__ import annotations

import pandas as pd
import pytest

from aklo_analysis.activity import (
    ACTIVITIES,
    BY_KEY,
    BY_MEDIUM,
    BY_NAME,
    MEDIA,
    activity_of,
    medium_codes,
)
from aklo_trace import syscalls


def test_every_class_of_the_syscall_table_has_an_activity_for_every_medium() -> None:
    for call in syscalls.table():
        for medium in MEDIA:
            assert activity_of(call.name, medium) in ACTIVITIES


def test_every_activity_can_occur() -> None:
    keys = {activity_of(call.name, m).key for call in syscalls.table() for m in MEDIA}
    assert keys | {"unknown"} == set(BY_KEY)


def test_tables_speak_of_known_calls_classes_and_media() -> None:
    assert set(BY_NAME) <= set(syscalls.by_name())
    assert {operation for operation, _ in BY_MEDIUM} <= set(syscalls.operations())
    assert {medium for _, medium in BY_MEDIUM} <= set(MEDIA)


@pytest.mark.parametrize(
    ("syscall", "medium", "key", "waits"),
    [
        ("read", "file", "read", False),
        ("read", "pipe", "pipe_read", True),
        ("pread64", "file", "read", False),
        ("read", "terminal", "terminal_read", True),
        ("write", "terminal", "terminal_write", False),
        ("write", "socket", "network", True),
        ("read", "unknown", "read_unknown", False),
        ("read", "event", "wait_io", True),
        ("openat", "pipe", "open", False),
        ("wait4", "unknown", "wait_child", True),
        ("vfork", "unknown", "wait_child", True),
        ("rt_sigsuspend", "unknown", "wait_signal", True),
        ("rt_sigprocmask", "unknown", "signal", False),
        ("connect", "socket", "network", True),
        ("getpeername", "socket", "socket", False),
        ("no_such_call", "unknown", "unknown", False),
    ],
)
def test_activity_of(syscall: str, medium: str, key: str, waits: bool) -> None:
    activity = activity_of(syscall, medium)
    assert (activity.key, activity.waits) == (key, waits)


@pytest.mark.parametrize(
    ("path", "kind", "medium"),
    [
        ("/etc/passwd", "regular", "file"),
        ("/etc/passwd", None, "file"),
        ("/run/queue", "fifo", "pipe"),
        (None, "pipe", "pipe"),
        ("/dev/pts/3", "terminal", "terminal"),
        ("/dev/null", "character", "file"),
        (None, "anonymous", "event"),
        ("relative", None, "unknown"),
        (None, None, "unknown"),
    ],
)
def test_medium_of_a_file(path: str | None, kind: str | None, medium: str) -> None:
    files = pd.DataFrame({"path": [path], "kind": pd.Categorical([kind])})
    files["path"] = files["path"].astype("object")
    assert MEDIA[medium_codes(files)[0]] == medium
