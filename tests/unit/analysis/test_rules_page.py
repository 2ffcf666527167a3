"""docs/rules.md has every rule, with its thresholds, an example and a fix."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from aklo_analysis.rules import RULES
from aklo_analysis.rules.finding import SEVERITIES
from aklo_analysis.rules.rule import COST, Rule, Threshold

PAGE = (Path(__file__).parents[3] / "docs" / "rules.md").read_text("utf-8")
HEADINGS = re.findall(r"^## (SH\d\d): (.+)$", PAGE, re.MULTILINE)


def part(code: str) -> str:
    """What the page says of a rule."""
    return re.split(r"^## ", PAGE.partition(f"## {code}: ")[2], flags=re.MULTILINE)[0]


def row(name: str, one: Threshold) -> str:
    return f"| `{name}` | {one.unit} | {one.default:g} | {one.doc} |"


def test_the_page_has_the_rules_in_their_order() -> None:
    assert [(rule.code, rule.title) for rule in RULES] == HEADINGS
    assert [rule.code for rule in RULES] == sorted({rule.code for rule in RULES})


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.code)
def test_a_rule_has_its_thresholds_an_example_and_a_fix(rule: Rule) -> None:
    text = part(rule.code)
    own = [one for one in rule.thresholds if one not in COST]
    rows = [row(f"{rule.code}.{one.name}", one) for one in own]
    assert re.findall(r"^\| `.*$", text, re.MULTILINE) == rows
    assert re.search(r"^Example", text, re.MULTILINE)
    assert re.search(r"^Fix", text, re.MULTILINE)


def test_the_page_has_what_all_rules_share() -> None:
    for one in COST:
        assert row(one.name, one) in PAGE
    for name, least in SEVERITIES[:2]:
        assert f"`{name}` from {least:.0%}".replace("%", " %") in PAGE
