"""What commands say of a trace, in the words of who reads it."""

from __future__ import annotations

from dataclasses import replace

from aklo_trace.commands import import_, info
from aklo_trace.meta import Meta

TRACE = Meta(
    "ebpf",
    "because",
    ("true",),
    "/",
    1,
    recorder_cpu_ns=6_000_000,
    recorder_max_rss_bytes=1 << 20,
    tables={"syscalls": 30, "processes": 1, "calls": 0},
)


def said(meta: Meta) -> dict[str, str]:
    return dict(info._lines(meta))


def test_rows_are_named_by_what_they_are() -> None:
    assert said(TRACE)["tables"] == "30 system calls, 1 process, 0 function calls"


def test_a_recorder_has_a_share_of_a_cpu_only_in_a_trace_that_lasted() -> None:
    short, long = (replace(TRACE, wall_ns=ns) for ns in (4_000_000, 2_000_000_000))
    assert said(short)["recorder"] == "6 ms of CPU, 1 MiB of memory"
    assert said(long)["recorder"] == "6 ms of CPU, 0.3% of a core, 1 MiB of memory"


def test_of_many_logs_one_is_named() -> None:
    assert import_._named(["s.17"]) == "s.17"
    assert import_._named([f"s.{number}" for number in range(43)]) == "s.0 and 42 more"
