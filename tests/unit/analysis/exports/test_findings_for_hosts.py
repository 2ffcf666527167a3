"""Findings as code hosts take them: SARIF, annotations, and the summary of a job."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any
from urllib.parse import unquote

import pytest

from aklo_analysis.exports import Choice, Subject, github, github_summary, sarif
from aklo_analysis.exports.locations import relative, uri
from aklo_analysis.report import Report, build
from aklo_analysis.rules.finding import Finding

from ..sample import HOSTILE, sample_trace
from .sarif_format import check
from .written import written

SEVERITIES = ("high", "medium", "low")


def finding(**more: Any) -> Finding:
    facts: dict[str, Any] = {
        "code": "SH01",
        "severity": "high",
        "title": "sed started 9 times",
        "function": "f",
        "file": "/home/dev/project/lib/a b.sh",
        "line": 7,
        "relative": False,
        "source": "sed -n 1p",
        "cost_ns": 10,
        "share": 0.5,
        "saving_ns": 9,
        "extra_ns": 9,
        "evidence": ("1ms each",),
        "advice": "Start it once.",
        "limits": (),
    }
    return Finding(**facts | more)


def report_of(*findings: Finding) -> Report:
    return replace(build(sample_trace()), findings=findings)


def output(module: Any, *findings: Finding, choice: Choice | None = None) -> str:
    import io

    stream = io.StringIO()
    subject = Subject(sample_trace(), lambda: report_of(*findings))
    module.write(subject, stream, choice or Choice())
    return stream.getvalue()


def test_sarif_follows_its_rules() -> None:
    found = check(json.loads(written(sample_trace(), "sarif")))
    assert [one["ruleId"] for one in found] == [one.code for one in build(sample_trace()).findings]


def test_a_finding_is_at_its_line_below_the_directory_of_the_command() -> None:
    (one,) = check(json.loads(output(sarif, finding())))
    (location,) = one["locations"]
    assert location == {
        "physicalLocation": {
            "artifactLocation": {"uri": "lib/a%20b.sh", "uriBaseId": "%SRCROOT%"},
            "region": {"startLine": 7, "snippet": {"text": "sed -n 1p"}},
        },
        "logicalLocations": [{"name": "f", "kind": "function"}],
    }
    assert one["level"] == "error"


@pytest.mark.parametrize(
    ("file", "root", "expected"),
    [
        ("/p/x.sh", "/p", ("x.sh", True)),
        ("/p/../p/./x.sh", "/p/", ("x.sh", True)),
        ("/px/x.sh", "/p", ("file:///px/x.sh", False)),
        ("/x.sh", "/", ("x.sh", True)),
        ("./x.sh", "/p", ("x.sh", False)),
        ("/p/é%:#.sh", "/p", ("%C3%A9%25%3A%23.sh", True)),
        ("/p/x.sh", None, ("file:///p/x.sh", False)),
    ],
)
def test_a_path_is_a_uri(file: str, root: str | None, expected: tuple[str, bool]) -> None:
    assert uri(file, root) == expected
    if expected[1]:
        assert relative(file, root) == unquote(expected[0])


def test_the_fingerprint_stays_when_lines_move_and_not_when_the_code_changes() -> None:
    texts = [output(sarif, finding(**more)) for more in ({}, {"line": 99}, {"source": "other"})]
    prints = [check(json.loads(text))[0]["partialFingerprints"]["place/v1"] for text in texts]
    assert prints[0] == prints[1] != prints[2]


def test_a_finding_without_a_place_is_at_the_command() -> None:
    (one,) = check(json.loads(output(sarif, finding(file=None, line=None, function=None))))
    location = one["locations"][0]["physicalLocation"]
    assert location == {"artifactLocation": {"uri": "aklo"}}


def test_hostile_texts_are_texts_in_sarif() -> None:
    one = finding(title="[x](http://evil) {0} \\", file=f"/home/dev/project{HOSTILE}", function="{")
    text = output(sarif, one)
    (found,) = check(json.loads(text))
    assert found["message"]["text"].startswith(r"\[x\](http://evil) {{0}} \\")
    assert text.isascii()


def test_an_annotation_is_one_line_that_the_host_reads_back() -> None:
    one = finding(advice="50%: a, b::c\nd", file="/home/dev/project/a:b,c%.sh", title="a, b: c")
    (line,) = output(github, one).splitlines()
    head, _, text = line.removeprefix("::error ").partition("::")
    assert ":" not in head
    found = dict(part.split("=", 1) for part in head.split(","))
    assert {name: unquote(value) for name, value in found.items()} == {
        "file": "a:b,c%.sh",
        "line": "7",
        "title": "SH01 a, b: c",
    }
    assert unquote(text).startswith(r"50%: a, b::c\nd That saves 9ns, 50% of the wall time.")


def test_no_name_is_a_command_of_its_own() -> None:
    evil = "x\n::error::forged\r::set-env name=PATH::/evil"
    one = finding(file=f"/home/dev/project/{evil}", function=evil, title=evil, evidence=(evil,))
    assert len(output(github, one).splitlines()) == 1


def test_a_step_has_ten_annotations_of_each_kind() -> None:
    many = [finding(severity=severity) for severity in SEVERITIES for _ in range(12)]
    lines = output(github, *many).splitlines()
    assert len(lines) == 30
    assert {line.split(" ")[0] for line in lines} == {"::error", "::warning", "::notice"}


def test_a_file_elsewhere_is_not_the_projects() -> None:
    assert output(github, finding(file="/usr/lib/x.sh")).startswith("::error title=")
    inside = output(github, finding(file="/usr/lib/x.sh"), choice=Choice(root="/usr"))
    assert inside.startswith("::error file=lib/x.sh,line=7,")


def test_the_summary_has_what_to_change_and_where_the_time_went() -> None:
    text = written(sample_trace(), "github-summary")
    assert text.startswith("# aklo-trace\n")
    assert "## What to change first" in text
    assert "## Where the wall time went" in text


@pytest.mark.parametrize("text", ["é\n" * 10, "x" * 30, "short\n" * 3])
def test_the_summary_has_no_more_bytes_than_the_host_takes(text: str) -> None:
    most = len(github_summary.CUT) + 10
    found = github_summary.cut(text * 10, most)
    assert len(found.encode()) <= most
    assert found.endswith(github_summary.CUT)
    assert github_summary.cut(text, len(text.encode())) == text
