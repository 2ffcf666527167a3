"""What is to be an alert, as the configuration has it."""

from __future__ import annotations

import pytest

from aklo_analysis.alerts.condition import conditions
from aklo_analysis.alerts.metrics import METRICS
from aklo_trace.config.configuration import Configuration
from aklo_trace.config.entry import BY_DEFAULT

from .configured import condition, configuration, problems

SECOND = 1_000_000_000


def test_without_a_configuration_a_slow_operation_is_an_alert() -> None:
    ((found,), wrong) = conditions(Configuration())
    assert wrong == ()
    assert (found.name, found.metric.name, found.comparison) == (
        "slow_operation",
        "operation",
        "over",
    )
    assert (found.limit, found.clear, found.origin) == (SECOND, SECOND, BY_DEFAULT)


def test_aklos_threshold_is_its_limit() -> None:
    ((found,), _) = conditions(configuration("[monitoring]\nalert_threshold_ms = 250"))
    assert (found.limit, str(found.origin)) == (SECOND // 4, "c.toml:2")


def test_it_can_be_changed_or_switched_off() -> None:
    text = '[alert.slow_operation]\nseverity = "critical"\n'
    ((found,), _) = conditions(configuration(text))
    assert (found.severity, found.limit) == ("critical", SECOND)
    ((found,), _) = conditions(configuration(text + 'over = "3s"\n'))
    assert (found.limit, str(found.origin)) == (3 * SECOND, "c.toml:3")
    assert conditions(configuration(text + "enabled = false\n")) == ((), ())


@pytest.mark.parametrize(
    ("metric", "given", "limit"),
    [
        ("wall_time", '"2s"', 2 * SECOND),
        ("wall_time", "1500", 1_500_000_000),
        ("wall_time", '"1500"', 1_500_000_000),
        ("wall_time", "0.5", 500_000),
        ("processes", "100", 100),
        ("processes", '"100"', 100),
        ("bytes", '"64MiB"', 64 << 20),
        ("bytes", "512", 512),
        ("failed_share", '"5%"', 0.05),
        ("finding_severity", '"high"', 2),
        ("finding_severity", '"low"', 0),
    ],
)
def test_a_limit_is_in_the_unit_of_its_metric(metric: str, given: str, limit: float) -> None:
    found = condition(f'metric = "{metric}"\nover = {given}')
    assert found.limit == pytest.approx(limit)


@pytest.mark.parametrize(
    ("metric", "given"),
    [
        ("wall_time", '"2 pc"'),
        ("wall_time", '"64MiB"'),
        ("processes", "1.5"),
        ("processes", '"5%"'),
        ("bytes", '"5s"'),
        ("failed_share", "5"),
        ("failed_share", '"x"'),
        ("finding_severity", '"dire"'),
        ("finding_severity", "2"),
    ],
)
def test_another_limit_is_refused_with_what_is_allowed(metric: str, given: str) -> None:
    allowed = METRICS[metric].quantity.allowed
    text = f'[alert.it]\nmetric = "{metric}"\nover = {given}\n'
    assert problems(text) == [f"c.toml:3: alert.it.over: must be {allowed} for the metric {metric}"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("over = 1", "2: alert.it.over: alert.it needs a metric: operation, p50"),
        ('metric = "x"\nover = 1', "2: alert.it.metric: must be one of operation, p50"),
        ('metric = "calls"', "2: alert.it.metric: alert.it needs one of over, under, at_least"),
        ('metric = "calls"\nover = 1\nunder = 2', "alert.it needs one of over, under, at_least"),
        ('metric = "calls"\nover = 1\nof = "opnat"', "metric calls must be a system call, or a"),
        ('metric = "calls"\nover = 1\nof = "opnat"', "; did you mean openat?"),
        (
            'metric = "processes"\nover = 1\nof = "read"',
            "metric processes must be left out",
        ),
        (
            'metric = "finding_saving"\nover = 1\nof = "SH99"',
            "must be one of SH01, SH02,",
        ),
        (
            'metric = "cache_size"\nover = 1\nof = "parse"',
            "4: alert.it.of: for the metric cache_size must be one of batch, id, parsed, regex; "
            "did you mean parsed?",
        ),
        ('metric = "calls"\nover = 1\nclear = 2', "4: alert.it.clear: must not be beyond"),
        ('metric = "calls"\nunder = 2\nclear = 1', "4: alert.it.clear: must not be beyond"),
        ('metric = "calls"\nat_least = 2\nclear = 3', "4: alert.it.clear: must not be beyond"),
    ],
)
def test_a_condition_that_makes_no_sense_is_left_out_and_named(text: str, said: str) -> None:
    (problem,) = problems(f"[alert.it]\n{text}\n")
    assert said in problem
    found, _ = conditions(configuration(f"[alert.it]\n{text}\n"))
    assert [one.name for one in found] == ["slow_operation"]


def test_of_names_a_cache_that_the_configuration_declares() -> None:
    wanted = '[alert.it]\nmetric = "cache_size"\nover = 1\nof = "own"\n'
    assert "must be one of batch, id, parsed, regex" in problems(wanted)[0]
    assert problems(wanted + '[cache.own]\nfiles = ["/c/*"]\n') == []


def test_all_that_is_wrong_is_said_at_once() -> None:
    one = 'metric = "cache_ratio"\nunder = "5%"\nof = "pars"\n'
    found = problems(f"[alert.a]\n{one}[alert.b]\n{one}")
    assert [text.split(": for the")[0] for text in found] == [
        "c.toml:4: alert.a.of",
        "c.toml:8: alert.b.of",
    ]


@pytest.mark.parametrize("of", ["read", "pipe_read", "openat", "network"])
def test_of_names_a_class_or_a_system_call(of: str) -> None:
    assert condition(f'metric = "calls"\nover = 1\nof = "{of}"').of == of


@pytest.mark.parametrize(
    ("pattern", "command", "is_about"),
    [
        ("*", "", True),
        ("aklo status", "aklo status", True),
        ("aklo status", "aklo status --all", False),
        ("aklo *", "aklo cache clear", True),
        ("aklo ?ew", "aklo new", True),
        ("aklo", "Aklo", False),
    ],
)
def test_a_condition_can_be_about_some_commands(pattern: str, command: str, is_about: bool) -> None:
    found = condition(f'metric = "calls"\nover = 1\ncommand = "{pattern}"')
    assert found.is_about(command) is is_about
