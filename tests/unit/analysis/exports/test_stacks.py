"""Folded stacks and speedscope's profiles: the tree of stacks in the form that others read."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from aklo_analysis.exports import Choice
from aklo_analysis.flame import WEIGHTS
from aklo_analysis.report import build
from aklo_trace.contents import WEIGHTS as OFFERED
from aklo_trace.errors import TraceError

from ..sample import sample_trace
from ..synthetic_trace import SyntheticTrace
from .written import written

UNITS = {"none", "nanoseconds", "microseconds", "milliseconds", "seconds", "bytes"}


def folded(weight: str) -> dict[str, int]:
    text = written(sample_trace(), "folded", Choice(weight=weight))
    found = [re.fullmatch(r"(.+) (\d+)", line) for line in text.splitlines()]
    assert all(found)
    return {one[1]: int(one[2]) for one in found if one}


def speedscope(trace: SyntheticTrace, weight: str = "wall") -> dict[str, Any]:
    document: dict[str, Any] = json.loads(written(trace, "speedscope", Choice(weight=weight)))
    return document


def test_weights_are_those_that_the_command_offers() -> None:
    assert list(WEIGHTS) == list(OFFERED)


@pytest.mark.parametrize("weight", WEIGHTS)
def test_folded_stacks_add_up(weight: str) -> None:
    found = folded(weight)
    assert sum(found.values()) == build(sample_trace()).flame.own[weight].sum()
    assert "aklo (bash);main;new_item;title_of;sed" in found


def test_a_hostile_name_is_one_frame_on_one_line() -> None:
    (stack,) = (one for one in folded("calls") if "evil" in one)
    assert stack.isprintable()
    trace = SyntheticTrace()
    image = trace.image(trace.process(1, 0, 9), 0, "/bin/a;b\n 7")
    trace.call(1, "read", 1, 1, image_id=image)
    text = written(trace, "folded", Choice(weight="calls"))
    assert text == r"a\x3bb\n 7 1" + "\n"


def test_what_the_trace_does_not_know_is_said() -> None:
    trace = SyntheticTrace(facts={"timing": "order"})
    trace.call(trace.process(1, 0, 9), "read", 1, None)
    for form in "folded", "speedscope":
        with pytest.raises(TraceError, match="does not know the wall time"):
            written(trace, form)
    assert [p["name"] for p in speedscope(trace, "calls")["profiles"]] == [
        "System calls",
        "Processes",
    ]


@pytest.mark.parametrize("weight", WEIGHTS)
def test_speedscope_gets_what_its_types_say(weight: str) -> None:
    """https://github.com/jlfwong/speedscope/blob/main/src/lib/file-format-spec.ts"""
    document = speedscope(sample_trace(), weight)
    assert document["$schema"] == "https://www.speedscope.app/file-format-schema.json"
    frames = document["shared"]["frames"]
    for frame in frames:
        assert {"name"} <= frame.keys() <= {"name", "file", "line", "col"}
        assert all(isinstance(text, str) and text for text in frame.values())
    own = build(sample_trace()).flame.own
    assert len(document["profiles"]) == len(own)
    shown = document["profiles"][document["activeProfileIndex"]]
    assert shown["endValue"] == own[weight].sum()
    for profile in document["profiles"]:
        assert (profile["type"], profile["startValue"]) == ("sampled", 0)
        assert profile["unit"] in UNITS
        assert len(profile["samples"]) == len(profile["weights"]) > 0
        assert sum(profile["weights"]) == profile["endValue"]
        assert all(0 <= frame < len(frames) for stack in profile["samples"] for frame in stack)


def test_the_wall_time_of_speedscope_is_in_the_order_of_time() -> None:
    profile = speedscope(sample_trace())["profiles"][0]
    flame = build(sample_trace()).flame
    assert profile["weights"] == flame.ns.tolist()
    assert profile["samples"] == [list(flame.stacks[node]) for node in flame.node]
