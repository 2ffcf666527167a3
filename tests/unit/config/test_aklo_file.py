"""The grammar of .aklo.conf, and what of it is meant for us."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aklo_trace.config import aklo_file
from aklo_trace.config.configuration import MODEL
from aklo_trace.config.entry import PROJECT, Origin

ORIGIN = Origin(PROJECT, "/p/.aklo.conf")


def read(text: str) -> dict[str, object]:
    entries, problems = aklo_file.read(text, ORIGIN, MODEL)
    assert problems == []
    return {entry.name: entry.given for entry in entries}


def problems(text: str) -> list[str]:
    return [str(problem) for problem in aklo_file.read(text, ORIGIN, MODEL)[1]]


@pytest.mark.parametrize(
    ("right", "value"),
    [
        ("500", "500"),
        ("  500  ", "500"),
        ("500 # ms", "500"),
        ("500\t# ms", "500"),
        ("# nothing", ""),
        ("", ""),
        ("a#b", "a#b"),
        ('"a # b"', "a # b"),
        ('"a" # b', "a"),
        ("'a \"b\"'  # c", 'a "b"'),
        ('"a=b"', "a=b"),
        ("a=b", "a=b"),
        ('""', ""),
        ("$HOME/`x`", "$HOME/`x`"),
        ("a b", "a b"),
    ],
)
def test_the_right_side_of_an_assignment(right: str, value: str) -> None:
    assert read(f"IO_METRICS_DIR={right}") == {"monitoring.metrics_dir": value}


@pytest.mark.parametrize(
    "line",
    [
        "IO_ALERT_THRESHOLD_MS=5",
        "io_alert_threshold_ms = 5",
        "  IO_ALERT_THRESHOLD_MS  =  5",
        "[monitoring]\nIO_ALERT_THRESHOLD_MS=5",
        "[Monitoring] # ours\nIo_Alert_Threshold_Ms='5'",
        "[ monitoring ]\nalert_threshold_ms=5",
        "[cache]\n[monitoring]\nIO_ALERT_THRESHOLD_MS=5",
        "IO_ALERT_THRESHOLD_MS=5\r",
    ],
)
def test_a_key_of_aklos_is_known_free_and_in_its_section(line: str) -> None:
    assert read(line) == {"monitoring.alert_threshold_ms": "5"}


def test_keys_of_sections() -> None:
    text = "[cache]\nttl_days=3\nCACHE_DIR=x\n[trace]\ntop=7\n"
    assert read(text) == {"cache.ttl_days": "3", "cache.cache_dir": "x", "trace.top": "7"}


@pytest.mark.parametrize(
    "text",
    [
        "PROJECT_NAME=x\nenabled=1",
        "[profile.fast]\nIO_ALERT_THRESHOLD_MS=5\nmodules='x",
        "[performance_profiles]\ndefault_profile=NORMAL",
        '[cache]\nVALIDATE_LINTER=true\nTEST_COMMAND=echo "x"',
        "this is no assignment",
        "if [[ -f x ]]; then",
        "1=2",
        "# IO_ALERT_THRESHOLD_MS=5",
        "",
    ],
)
def test_what_is_aklos_alone_is_passed_over(text: str) -> None:
    assert read(text) == {}


def test_the_last_assignment_counts_and_the_other_is_named() -> None:
    text = "IO_METRICS_DIR=a\n\n[monitoring]\nIO_METRICS_DIR=b\n"
    entries, found = aklo_file.read(text, ORIGIN, MODEL)
    assert [(entry.given, entry.origin.line) for entry in entries] == [("b", 4)]
    assert list(map(str, found)) == [
        "/p/.aklo.conf:4: IO_METRICS_DIR: is set here and, with no effect, in line 1"
    ]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("\n[trace]\ntop\n", "3: top: is no 'key = value'"),
        ("IO_METRICS_DIR='x", "1: IO_METRICS_DIR: has a ' that is not closed"),
        ('[cache]\ncache_dir="x', '2: cache_dir: has a " that is not closed'),
    ],
)
def test_a_line_that_cannot_be_read(text: str, said: str) -> None:
    assert problems(text) == [f"/p/.aklo.conf:{said}"]


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("IO_ALERT_MS=5", "io_alert_ms"),
        ("[monitoring]\nIO_ALERT_MS=5", "monitoring.io_alert_ms"),
        ("[cache]\nIO_ALERT_THRESHOLD_MS=5", "cache.io_alert_threshold_ms"),
        ("[cache]\nttl_day=5", "cache.ttl_day"),
        ("[trace]\nTOPP=5", "trace.topp"),
    ],
)
def test_what_only_we_could_mean_is_handed_on_though_it_is_unknown(text: str, name: str) -> None:
    assert list(read(text)) == [name]
    assert MODEL.find(name) is None


@given(st.text())
def test_any_text_can_be_read(text: str) -> None:
    entries, _ = aklo_file.read(text, ORIGIN, MODEL)
    assert all(1 <= (entry.origin.line or 0) <= text.count("\n") + 1 for entry in entries)


@given(st.from_regex(r"[^\"'\x00-\x1f#\s]+([^\"'\x00-\x1f#]*[^\"'\x00-\x1f#\s])?", fullmatch=True))
def test_a_plain_value_is_what_stands_there(value: str) -> None:
    found = read(f"IO_METRICS_DIR={value}")["monitoring.metrics_dir"]
    assert found == value.strip()
