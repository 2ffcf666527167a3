"""The status as text: whatever the names are, and however narrow the terminal."""

from __future__ import annotations

import io
from dataclasses import replace

import pytest

from aklo_analysis.reporters import status
from aklo_analysis.reporters.clip import columns
from aklo_analysis.reporters.grid import Grid
from aklo_analysis.reporters.options import Options
from aklo_analysis.reporters.status import write
from aklo_trace.overview import (
    AlertRow,
    CacheRow,
    CommandRow,
    Health,
    Overview,
    SlowRow,
    StoreRow,
)
from aklo_trace.retention import Limits
from aklo_trace.summary import AlertState, CacheUse, SlowCall

from .sample import HOSTILE

MS = 1_000_000
AT_NS = 1_700_000_000 * 10**9


def command(name: str, wall_ns: int | None, usual_ns: int | None, **more: object) -> CommandRow:
    facts: dict[str, object] = {
        "command": name,
        "trace": "t",
        "state": "finished",
        "started_at_ns": AT_NS - 90 * 10**9,
        "runs": 4,
        "walls_ns": (100, 200, 400),
        "exit_status": 0,
        "signal": None,
        "complete": True,
    }
    return CommandRow(wall_ns=wall_ns, usual_ns=usual_ns, **facts | more)  # type: ignore[arg-type]


def found(name: str = "aklo status") -> Overview:
    use = CacheUse(name, 40, 29, -5, 2048, 1 << 20)
    return Overview(
        at_ns=AT_NS,
        store=StoreRow(name, 1234, 2, 5 << 30, 1 << 30, AT_NS, Limits(days=7)),
        health=Health({"ebpf": 3}, {"finished": 3, "recording": 1}, 1, 12, 2),
        commands=(
            command(name, 300 * MS, 100 * MS),
            command("make", 100 * MS, 100 * MS, exit_status=2, walls_ns=()),
            command("sed", None, None, state="recording"),
            command("cat", 5, None, signal=9),
            command("ls", 5, 0, complete=False),
        ),
        slowest=(SlowRow(SlowCall("fsync", 80 * MS, "bash", name, 0), name, "t"),),
        caches=(CacheRow(name, 2, 40, 29, -5 * MS, use),),
        alerts=(AlertRow(AlertState("a", "critical", "raised", f"{name} is slow"), name, "t", 0),),
    )


def shown(seen: Overview, lines: int | None = None, **look: object) -> str:
    stream = io.StringIO()
    write(seen, stream, Options(**look), lines)  # type: ignore[arg-type]
    return stream.getvalue()


def said(line: str) -> list[str]:
    return line.split()


def test_it_says_what_there_is() -> None:
    lines = [line.split() for line in shown(found(), width=None).splitlines()]
    assert lines[1] == said("Store aklo status: 1,234 traces, 5.00GiB, 2 pinned, 1.00GiB free")
    assert (
        said("Engine ebpf 3, 2 of 3 complete, 12 calls lost, 1 recording, 2 not analysed") in lines
    )
    assert said("Alerts 1 critical") in lines
    assert said("1m 300ms 100ms +200% 4 ▂▄█ aklo status") in lines
    assert said("1m 100ms 100ms +0% 4 exit 2 make") in lines
    assert said("1m 4 ▂▄█ recording sed") in lines
    assert said("1m 5ns 4 ▂▄█ signal 9 cat") in lines
    assert said("1m 5ns 0 4 ▂▄█ incomplete ls") in lines
    assert said("80.0ms fsync aklo status aklo status") in lines
    assert said("72% ███████▎ 40 -5.00ms 2.00KiB 1.00MiB aklo status") in lines
    assert said("critical aklo status is slow") in lines


@pytest.mark.parametrize("width", [60, 80, 132])
@pytest.mark.parametrize("name", ["aklo status", HOSTILE, "日本" * 100, "x" * 300])
@pytest.mark.parametrize("utf8", [True, False])
def test_it_fits_the_terminal_and_does_it_no_harm(width: int, name: str, utf8: bool) -> None:
    text = shown(found(name), width=width, utf8=utf8)
    assert all(line.isprintable() for line in text.splitlines())
    assert max(map(columns, text.splitlines())) <= width
    assert text.isascii() or utf8


@pytest.mark.parametrize("height", [24, 32, 44, 100])
def test_it_fits_a_screen(height: int) -> None:
    seen = found("/home/dev/harbour/.aklo_metrics")
    parts = seen.commands, seen.slowest, seen.caches, seen.alerts
    many = [rows * 20 for rows in parts]  # type: ignore[operator]
    seen = replace(
        seen,
        store=replace(seen.store, limits=Limits(7, 1000, 4 << 30, 256 << 20)),
        **dict(zip(("commands", "slowest", "caches", "alerts"), many, strict=True)),
    )
    text = shown(seen, height, width=80)
    assert len(text.splitlines()) < height
    assert "20 critical" in text


def test_it_says_the_same_in_colour() -> None:
    coloured = shown(found(), color=True)
    plain = shown(found())
    assert coloured != plain
    assert "\x1b[1;31mcritical" in coloured


@pytest.mark.parametrize("color", [True, False])
def test_its_grids_are_as_those_of_reports(color: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    quick = shown(found("ä"), color=color)
    monkeypatch.setattr(status, "QuickGrid", Grid)
    assert shown(found("ä"), color=color) == quick


def test_without_traces_it_says_how_to_make_one() -> None:
    nothing = Overview(
        AT_NS,
        StoreRow("/s", 0, 0, 0, None, None, Limits()),
        Health({}, {}, 0, 0, 0),
        (),
        (),
        (),
        (),
    )
    text = shown(nothing)
    assert "aklo-trace -- COMMAND" in text
    assert "for ever: no limit is set" in text
    assert "COMMANDS" not in text
