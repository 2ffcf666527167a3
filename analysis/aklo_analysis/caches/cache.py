"""What a cache is, and those that are known without being declared."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from typing import Final

STATUS, OUTPUT = ANSWERS = "status", "output"
"""What tells that a function had the answer: that it returned 0, or that it wrote something."""

WILD: Final = {"*": "[^/]*", "?": "[^/]"}


@dataclass(frozen=True)
class Cache:
    """`files`: patterns of the paths of its entries, in which `*` and `?` stand for anything
    within a name; one that does not begin with a slash counts from any directory. `companion` is
    what the name of an entry is followed by in that of a file beside it. `function` is the one
    that looks up, and `answer` one of `ANSWERS`. `counter` is how aklo calls its own counters of
    it. `ttl_ns`: how long an entry is fresh;
    `limit_bytes`: how large the cache may grow. `benchmarked_ns`: what the work of a miss takes, as
    `aklo-trace benchmark` has found it."""

    name: str
    files: tuple[str, ...] = ()
    companion: str | None = None
    function: str | None = None
    answer: str = STATUS
    ttl_ns: int | None = None
    limit_bytes: int | None = None
    counter: str | None = None
    benchmarked_ns: int | None = None

    def entry(self, path: str) -> tuple[str, bool] | None:
        """The path of the entry that a file belongs to, and whether it is its companion; None
        if it is none of this cache."""
        if self._pattern.fullmatch(path):
            return path, False
        if self.companion and path.endswith(self.companion):
            main = path.removesuffix(self.companion)
            return (main, True) if self._pattern.fullmatch(main) else None
        return None

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        return re.compile("|".join(map(_regex, self.files)) or r"(?!)")


def _regex(pattern: str) -> str:
    body = "".join(WILD.get(character) or re.escape(character) for character in pattern)
    return body if pattern.startswith("/") else f"(?:.*/)?{body}"


SHIPPED: Final = (
    Cache("id", files=("*_id_cache.parsed",), counter="id"),
    Cache("parsed", files=("*.parsed",), companion=".mtime", counter="parsed"),
    Cache(
        "batch",
        files=("/tmp/aklo_scan_cache/*.cache", "/tmp/aklo_scan_cache.*/*.cache"),
        counter="scan",
    ),
    Cache("regex", function="get_cached_regex", counter="regex"),
)
"""Those of aklo. The first one that a file belongs to has it."""
