"""The rules of the trace event format, as far as the viewers insist on them.

Sources: the document of the format, section "Event Types", and
https://perfetto.dev/docs/faq on events that overlap.
"""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

PHASES = {"B", "E", "i", "M"}


@dataclass
class Span:
    """One that has ended. `about` are the event's own fields; `within` are those around it,
    outermost first."""

    name: str
    kind: str
    ts: Decimal
    dur: Decimal
    about: dict[str, Any]
    within: tuple[str, ...]


@dataclass
class Checked:
    spans: list[Span]
    instants: list[dict[str, Any]]
    processes: dict[int, str]
    threads: dict[tuple[int, int], str]


def check(text: str) -> Checked:
    """Parse, and fail at whatever a viewer would refuse, drop or draw in a wrong place."""
    document = json.loads(text, parse_float=Decimal)
    assert document["displayTimeUnit"] == "ns"
    found = Checked([], [], {}, {})
    tracks: dict[tuple[int, int], list[dict[str, Any]]] = defaultdict(list)
    newest: dict[tuple[int, int], Decimal] = defaultdict(Decimal)
    for event in document["traceEvents"]:
        assert event["ph"] in PHASES
        track = event["pid"], event["tid"]
        assert all(type(number) is int and number >= 0 for number in track)
        if event["ph"] == "M":
            _named(found, event)
            continue
        assert event["ts"] >= newest[track], "events of a thread go back in time"
        newest[track] = event["ts"]
        if event["ph"] == "E":
            begun = tracks[track].pop()  # fails for an end without a beginning
            around = tuple(one["name"] for one in tracks[track])
            lasted = event["ts"] - begun["ts"]
            span = Span(begun["name"], begun["cat"], begun["ts"], lasted, begun["args"], around)
            found.spans.append(span)
        else:
            assert event["name"]
            assert event["cat"]
            if event["ph"] == "B":
                tracks[track].append(event)
            else:
                assert event["s"] == "t"
                found.instants.append(event)
    assert not any(tracks.values()), "a beginning without an end"
    assert {pid for pid, _ in tracks} <= found.processes.keys()
    assert tracks.keys() <= found.threads.keys()
    return found


def _named(found: Checked, event: dict[str, Any]) -> None:
    if event["name"] == "process_sort_index":
        assert type(event["args"]["sort_index"]) is int
        return
    name = event["args"]["name"]
    assert isinstance(name, str)
    assert name
    if event["name"] == "process_name":
        assert event["pid"] not in found.processes, "two processes of one number"
        found.processes[event["pid"]] = name
    else:
        assert event["name"] == "thread_name"
        found.threads[event["pid"], event["tid"]] = name
