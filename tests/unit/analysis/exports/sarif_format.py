"""The rules of SARIF 2.1.0 for what we write, and what code hosts demand beyond them.

Sources: the sections of the standard that are named below, and
https://docs.github.com/en/code-security/code-scanning/integrating-with-code-scanning/sarif-support
"""

from __future__ import annotations

import re
from typing import Any

URI = re.compile(r"(file://)?[A-Za-z0-9/_.~%-]+")
PLACEHOLDER = re.compile(r"(?<!\{)\{(?!\{)|(?<!\\)\[")


def check(document: dict[str, Any]) -> list[dict[str, Any]]:
    """The results. Fails at keys that the standard lacks, and at values it does not allow."""
    keys(document, "$schema version runs")  # 3.13
    assert document["version"] == "2.1.0"
    (run,) = document["runs"]
    keys(run, "tool columnKind invocations results", "originalUriBaseIds")  # 3.14
    assert run["columnKind"] in ("utf16CodeUnits", "unicodeCodePoints")
    for base in run.get("originalUriBaseIds", {}).values():
        assert base["uri"].endswith("/")  # 3.14.14
    driver = run["tool"]["driver"]
    keys(driver, "name semanticVersion rules")  # 3.19
    ids = [rule["id"] for rule in driver["rules"]]
    assert len(set(ids)) == len(ids)
    for rule in driver["rules"]:
        keys(rule, "id shortDescription")  # 3.49
        message(rule["shortDescription"])
    for result in run["results"]:
        check_result(result, ids, run.get("originalUriBaseIds", {}))
    results: list[dict[str, Any]] = run["results"]
    assert len(results) <= 5000
    return results


def check_result(result: dict[str, Any], ids: list[str], bases: dict[str, Any]) -> None:
    keys(result, "ruleId ruleIndex level message partialFingerprints properties locations")  # 3.27
    assert ids[result["ruleIndex"]] == result["ruleId"]
    assert result["level"] in ("none", "note", "warning", "error")
    message(result["message"])
    for text in result["partialFingerprints"].values():
        assert isinstance(text, str)
    (location,) = result["locations"]  # the host shows the first, and wants one
    keys(location, "physicalLocation", "logicalLocations")  # 3.28
    keys(location["physicalLocation"], "artifactLocation", "region")  # 3.29
    artifact = location["physicalLocation"]["artifactLocation"]
    keys(artifact, "uri", "uriBaseId")  # 3.4
    assert URI.fullmatch(artifact["uri"])
    if "uriBaseId" in artifact:
        assert artifact["uriBaseId"] in bases
        assert not artifact["uri"].startswith(("/", "file:", "../"))
    region = location["physicalLocation"].get("region", {"startLine": 1})
    keys(region, "startLine", "snippet")  # 3.30
    assert region["startLine"] >= 1
    for one in location.get("logicalLocations", ()):
        keys(one, "name kind")  # 3.33
        assert one["kind"] == "function"


def message(found: dict[str, Any]) -> None:
    keys(found, "text")  # 3.11
    assert found["text"]
    assert not PLACEHOLDER.search(found["text"])


def keys(found: dict[str, Any], needed: str, allowed: str = "") -> None:
    assert set(needed.split()) <= found.keys() <= {*needed.split(), *allowed.split()}
