"""Lookups in caches are counted exactly: scripts whose hits and misses are known.

Each script of `SCRIPTS` looks up entries in `./store`, which can have a file beside them.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from aklo_analysis.caches.cache import Cache
from aklo_analysis.caches.claims import Claimed
from aklo_analysis.report import build
from aklo_analysis.tables.caches import CacheRow

from .caching import LOADS, answers, example, of_function, recorded
from .recording import Recorder

ENGINES = ("ebpf", "strace")
"""bcc does not tell which file a descriptor is."""
LINES: dict[str, tuple[str, ...]] = {"ebpf": (), "strace": ("--shell-lines",)}
"""Options with which an engine knows places in shell code."""


@dataclass(frozen=True)
class Script:
    """What `name` is about; `counts` are hits, misses, stale ones, and rewrites."""

    name: str
    counts: tuple[int, int, int, int]
    text: str


SCRIPTS = (
    Script(
        "absent entries are made, and then found",
        (4, 2, 0, 0),
        """
        look_up() {
            if [[ -f store/$1.entry ]]; then
                cat "store/$1.entry"
            else
                seq 9 >"store/$1.entry"
            fi
        }
        for round in 1 2 3; do look_up a; look_up b; done
        """,
    ),
    Script(
        "what was just made is read once more",
        (3, 1, 0, 0),
        """
        look_up() {
            [[ -s store/$1.entry ]] || seq 9 >"store/$1.entry"
            cat "store/$1.entry"
        }
        for round in 1 2 3 4; do look_up a; done
        """,
    ),
    Script(
        "an entry is found too old once it was read, and written anew",
        (2, 2, 1, 1),
        """
        look_up() {
            local stamp=
            if [[ -f store/a.entry ]]; then read -r stamp <store/a.entry; fi
            [[ $stamp == "$1" ]] || printf '%s\\n' "$1" >store/a.entry
        }
        look_up 1; look_up 1; look_up 2; look_up 2
        """,
    ),
    Script(
        "a file beside the entry tells that it is too old",
        (1, 2, 1, 1),
        """
        look_up() {
            if [[ -f store/a.entry && -f store/a.entry.stamp ]] &&
                [[ $(cat store/a.entry.stamp) == "$1" ]]; then
                cat store/a.entry
            else
                seq 9 >store/a.entry
                printf '%s\\n' "$1" >store/a.entry.stamp
            fi
        }
        look_up 1; look_up 1; look_up 2
        """,
    ),
    Script(
        "an entry that is too old is not replaced",
        (0, 2, 1, 0),
        """
        look_up() {
            [[ -f store/a.entry ]] && [[ $(cat store/a.entry.stamp) == "$1" ]] && cat store/a.entry
        }
        look_up 1
        seq 9 >store/a.entry; echo 1 >store/a.entry.stamp
        look_up 2
        """,
    ),
    Script(
        "each lookup opens the entry without a look before",
        (2, 1, 0, 0),
        """
        look_up() { cat store/a.entry 2>/dev/null || seq 9 >store/a.entry; }
        look_up; look_up; look_up
        """,
    ),
    Script(
        "misses that make nothing",
        (0, 3, 0, 0),
        """
        look_up() { [[ -f store/$1.entry ]] && cat "store/$1.entry" || seq 9; }
        look_up a; look_up a; look_up a
        """,
    ),
    Script(
        "lookups in subshells, whose results the script stores",
        (2, 1, 0, 0),
        """
        get() { [[ -f store/$1.entry ]] && cat "store/$1.entry"; }
        put() { printf '%s\\n' "$2" >"store/$1.entry"; }
        look_up() { local found; found=$(get "$1") || put "$1" "$(seq 9)"; }
        look_up a; look_up a; look_up a
        """,
    ),
    Script(
        "an entry is renamed into place",
        (1, 2, 1, 1),
        """
        look_up() {
            if [[ -f store/a.entry && store/a.entry -nt source ]]; then
                cat store/a.entry
            else
                seq 9 >store/new && mv store/new store/a.entry
            fi
        }
        touch -d 2001-01-01 source
        look_up; look_up
        touch -d 2101-01-01 source
        look_up
        """,
    ),
    Script(
        "an entry is updated after it was found",
        (2, 1, 0, 1),
        """
        get() { [[ -f store/a.entry ]] || seq 9 >store/a.entry; cat store/a.entry; }
        id=$(get); id=$(get)
        seq 3 >store/a.entry
        id=$(get)
        """,
    ),
    Script(
        "two processes look up the same at once",
        (2, 0, 0, 0),
        """
        seq 9 >store/a.entry
        look_up() { [[ -f store/a.entry ]] && { read -r _ <&"$1"; cat store/a.entry; }; }
        mkfifo left right
        exec 3<>left 4<>right
        look_up 3 & look_up 4 &
        echo >&4; echo >&3
        wait
        """,
    ),
    Script(
        "entries that are only counted and removed",
        (0, 0, 0, 0),
        """
        seq 9 >store/a.entry
        ls -l store; du -s store
        for entry in store/*.entry; do [[ -f $entry ]] && echo one; done
        rm -f store/*.entry
        """,
    ),
    Script(
        "the entry is looked at twice before it is used",
        (1, 1, 0, 0),
        """
        look_up() {
            if [[ -f store/a.entry && -r store/a.entry && -s store/a.entry ]]; then
                cat store/a.entry
            else
                seq 9 >store/a.entry
            fi
        }
        look_up; look_up
        """,
    ),
)


WAYS: dict[str, dict[str, tuple[str, ...]]] = {
    "ebpf": {
        "lines": (),
        "no lines": ("--no-attribution",),
        "function calls": ("--function-calls",),
    },
    "strace": {"lines": ("--shell-lines",), "no lines": ()},
}
"""The options with which scripts are recorded, by engine and by what is known then."""
Rows = dict[str, dict[str, CacheRow]]


@pytest.fixture(scope="module")
def rows(module_record: Recorder) -> Rows:
    """What is told of each script, by its name, in each way."""
    ways = WAYS[module_record.engine]
    return {way: told(module_record, way, options) for way, options in ways.items()}


def told(record: Recorder, way: str, options: tuple[str, ...]) -> dict[str, CacheRow]:
    """All scripts are run one after the other."""
    folder = record.folder / way
    for number, script in enumerate(SCRIPTS):
        (folder / str(number) / "store").mkdir(parents=True)
        (folder / str(number) / "case.sh").write_text(script.text + "true\n")
    runs = "".join(f"(cd {number} && bash case.sh)\n" for number in range(len(SCRIPTS)))
    recording = recorded(record, f"{way}-trace", folder, runs, *options)
    caches = [
        Cache(script.name, files=(f"/{number}/store/*.entry",), companion=".stamp")
        for number, script in enumerate(SCRIPTS)
    ]
    found = build(recording.trace, known_caches=[under(cache, folder) for cache in caches])
    return {row.name: row for row in found.caches}


def under(cache: Cache, folder: Path) -> Cache:
    return replace(cache, files=tuple(f"{folder}{pattern}" for pattern in cache.files))


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.name)
def test_lookups_in_files_are_counted(script: Script, rows: Rows) -> None:
    found = {way: of_way[script.name] for way, of_way in rows.items()}
    counts = {way: (r.hits, r.misses, r.stale, r.rewrites) for way, r in found.items()}
    assert counts == dict.fromkeys(rows, script.counts)
    assert all(row.lookups == row.hits + row.misses for row in found.values())


def test_calls_of_a_function_are_counted_that_make_system_calls(module_record: Recorder) -> None:
    """What one returned is known if a process was made for it."""
    options = LINES[module_record.engine]
    row = of_function(module_record, LOADS.format(call="[[ -d / ]] && "), *options)
    assert answers(row) == (1, 1, 8, True)


def test_the_example_is_told_from_system_calls(record: Recorder) -> None:
    """The first command makes what the second one finds; each counts its item's number on."""
    report = example(record, "new task One && ../bin/aklo new task Two", *LINES[record.engine])
    found = {row.name: (row.hits, row.misses, row.stale, row.rewrites) for row in report.caches}
    assert found == {"parsed": (1, 1, 0, 0), "id": (1, 1, 0, 2)}
    assert {row.claimed for row in report.caches} == {Claimed(1, 1, 0, 0)}
