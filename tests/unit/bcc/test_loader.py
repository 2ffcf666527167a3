"""What the loading process is asked, and what it reads of tracefs."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import pytest

from aklo_trace.bcc import loader
from aklo_trace.bcc.loader import MapOrder, Order, ProgramOrder, Refused, field_offsets

FORMAT = """name: sched_process_exec
ID: 365
format:
\tfield:unsigned short common_type;\toffset:0;\tsize:2;\tsigned:0;
\tfield:int common_pid;\toffset:4;\tsize:4;\tsigned:1;

\tfield:__data_loc char[] filename;\toffset:8;\tsize:4;\tsigned:0;
\tfield:pid_t pid;\toffset:12;\tsize:4;\tsigned:1;
\tfield:pid_t old_pid;\toffset:16;\tsize:4;\tsigned:1;
\tfield:char comm[16];\toffset:20;\tsize:16;\tsigned:0;
"""


@pytest.fixture
def tracefs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "events/sched/sched_process_exec/format"
    path.parent.mkdir(parents=True)
    path.write_text(FORMAT)
    monkeypatch.setattr(loader, "TRACEFS", tmp_path)


def program(*fields: tuple[str, int], tracepoint: str = "sched_process_exec") -> ProgramOrder:
    return ProgramOrder("on_exec", tracepoint, "sched", fields)


def test_an_order_arrives_as_it_was_given() -> None:
    maps = (MapOrder("events", 2, 4, 80, 1000, 1 << 10), MapOrder("config", 2, 4, 2, 1, 0, "0aff"))
    order = Order("/bcc", "/c", ("-I/h",), maps, (program(("pid", 4)),))
    arrived = Order.parse(json.dumps(asdict(order)))
    assert asdict(arrived) == json.loads(json.dumps(asdict(order))) | {
        "maps": tuple(map(asdict, maps)),
        "programs": ({**asdict(order.programs[0]), "fields": [["pid", 4]]},),
    }


@pytest.mark.usefixtures("tracefs")
def test_fields_lie_where_tracefs_says() -> None:
    assert field_offsets(program(("filename", 4), ("pid", 4), ("old_pid", 4))) == [
        "-DAT_sched_process_exec_filename=8",
        "-DAT_sched_process_exec_pid=12",
        "-DAT_sched_process_exec_old_pid=16",
    ]


@pytest.mark.usefixtures("tracefs")
@pytest.mark.parametrize("field", [("nothing", 4), ("pid", 8)])
def test_a_field_that_is_not_as_expected_is_refused(field: tuple[str, int]) -> None:
    with pytest.raises(Refused, match=f"sched_process_exec has no {field[0]} of {field[1]} bytes"):
        field_offsets(program(field))


@pytest.mark.usefixtures("tracefs")
def test_a_tracepoint_that_the_kernel_lacks_is_refused() -> None:
    with pytest.raises(Refused, match="no tracepoint sched_none"):
        field_offsets(program(("pid", 4), tracepoint="sched_none"))
