"""Caches as the configuration has them, and which files are theirs."""

from __future__ import annotations

import pytest

from aklo_analysis.caches.cache import OUTPUT, SHIPPED, Cache
from aklo_analysis.caches.configured import MB, caches
from aklo_trace.config import aklo_file, toml_file
from aklo_trace.config.configuration import MODEL, Configuration, resolved
from aklo_trace.config.entry import PROJECT, USER, Origin
from aklo_trace.quantity import DAY_NS

SHIPPED_NAMES = ["id", "parsed", "batch", "regex"]


def configuration(text: str) -> Configuration:
    entries, _ = toml_file.read(text, Origin(USER, "c.toml"))
    return resolved(entries)


def named(text: str) -> dict[str, Cache]:
    found, problems = caches(configuration(text))
    assert problems == ()
    return {cache.name: cache for cache in found}


def test_those_of_aklo_are_there_with_what_its_configuration_says() -> None:
    assert [cache.name for cache in SHIPPED] == SHIPPED_NAMES == [*named("")]
    found = named('[cache]\nscan_dir = "/srv/scans/"\nttl_days = 2\nmax_size_mb = 5\n')
    assert found["batch"].files == ("/srv/scans/*.cache", "/srv/scans.*/*.cache")
    assert (found["parsed"].ttl_ns, found["parsed"].limit_bytes) == (2 * DAY_NS, 5 * MB)
    assert found["regex"].function == "get_cached_regex"


def test_one_can_be_declared_and_comes_before_those_of_aklo() -> None:
    table = 'files = ["a/*.png"]\ncompanion = ".ok"\nttl = "1d"\nmax_size = "2KiB"\n'
    found = named(f"[cache.mine]\n{table}")
    assert [*found] == ["mine", *SHIPPED_NAMES]
    assert found["mine"] == Cache("mine", ("a/*.png",), ".ok", None, "status", DAY_NS, 2048)


def test_one_can_be_declared_in_aklos_own_file() -> None:
    lines = ("[cache]", "enabled=true", "[cache.mine]", 'files = a/*.png "b c/*.png"')
    text = "\n".join((*lines, "function=f", "answer=output"))
    entries, problems = aklo_file.read(text, Origin(PROJECT, ".aklo.conf"), MODEL)
    assert problems == []
    found, wrong = caches(resolved(entries))
    assert wrong == ()
    mine = Cache("mine", ("a/*.png", "b c/*.png"), function="f", answer=OUTPUT)
    assert found[0] == mine


def test_one_of_aklo_can_be_changed_or_switched_off() -> None:
    found = named('[cache.regex]\nfunction = "mine"\n[cache.id]\nenabled = false\n')
    assert found["regex"].function == "mine"
    assert [*found] == ["parsed", "batch", "regex"]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("[cache.mine]\nttl = '1d'\n", "c.toml:2: cache.mine.ttl: cache.mine needs files"),
        (
            "[cache.mine]\nfunction = 'f'\nmax_size = '5%'\n",
            "c.toml:3: cache.mine.max_size: must be a size such as 64MiB",
        ),
    ],
)
def test_what_cannot_be_used_is_said_and_left_out(text: str, problem: str) -> None:
    found, (wrong,) = caches(configuration(text))
    assert str(wrong).startswith(problem)
    assert "mine" not in [cache.name for cache in found]


@pytest.mark.parametrize(
    ("path", "entry"),
    [
        ("/p/c/a.parsed", ("/p/c/a.parsed", False)),
        ("/p/c/a.parsed.mtime", ("/p/c/a.parsed", True)),
        ("c/a.parsed", ("c/a.parsed", False)),
        ("/p/c/d/a.parsed", None),
        ("/p/xc/a.parsed", None),
        ("/p/c/a.parsedx", None),
        ("/p/c/a.mtime", None),
    ],
)
def test_a_pattern_counts_from_any_directory(path: str, entry: tuple[str, bool] | None) -> None:
    assert Cache("c", ("c/*.parsed",), ".mtime").entry(path) == entry


def test_an_absolute_pattern_is_the_whole_path() -> None:
    cache = Cache("c", ("/tmp/a+b/?.cache", "*.x"))
    assert cache.entry("/tmp/a+b/1.cache")
    assert not cache.entry("/srv/tmp/a+b/1.cache")
    assert not cache.entry("/tmp/a+b/12.cache")
    assert not cache.entry("/tmp/aab/1.cache")


def test_a_cache_without_files_has_no_entries() -> None:
    assert Cache("c", function="f").entry("") is None
