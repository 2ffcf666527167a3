"""Where bash said it was, with the engine strace: at every mark, at all calls between marks, and
for every program that was started. ``pytest -s`` prints the figures that docs/engines.md has."""

from __future__ import annotations

import os
import re
import signal
from fnmatch import fnmatch
from pathlib import Path

import pytest

from aklo_trace.meta import XTRACE
from aklo_trace.schema import SiteFlag
from aklo_trace.store import LIVE
from aklo_trace.strace import xtrace
from aklo_trace.strace.capture import probe
from aklo_trace.strace.session import LOG_FILE

from ..processes import has_ended, holder_of
from ..recording import AS_ROOT, Recorder, Recording, await_that, environment
from . import figures
from .judgement import Judge, Tally
from .labels import constructs, prepare
from .test_constructs import DRIVER, EXAMPLES

CAPABILITY = probe()
pytestmark = pytest.mark.skipif(not CAPABILITY.usable, reason=CAPABILITY.reason)
LEAST = {"function": 0.99, "stack": 0.99, "line": 0.99, "call": 0.99, "program": 0.98, "fork": 0.98}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("labelled")
    prepare(folder)
    (folder / "truth").mkdir()
    return folder


@pytest.fixture(scope="module")
def record(folder: Path) -> Recorder:
    """With a temporary directory of its own."""
    (folder / "tmp").mkdir()
    return Recorder("strace", folder, environment(folder) | {"TMPDIR": str(folder / "tmp")})


@pytest.fixture(scope="module")
def recording(record: Recorder, folder: Path) -> Recording:
    command = ("bash", "-c", DRIVER, "driver", folder, *constructs())
    return record(*command, options=["--shell-lines", *AS_ROOT])


def test_functions_lines_and_programs_are_right(recording: Recording, folder: Path) -> None:
    truth = folder / "truth"
    tallies = {name: Judge(recording, str(truth / name)).tally() for name in constructs()}
    whole = Tally.sum(tallies.values())
    print(f"\n{figures.by_construct(tallies)}")
    few = {what: whole.ratio(what) for what in LEAST if whole.ratio(what) < LEAST[what]}
    assert not few, "\n".join([str(few), *whole.wrong[:EXAMPLES]])


def test_what_shells_do_to_say_it_is_not_theirs(recording: Recording) -> None:
    (left_out,) = (note for note in recording.meta.notes if "left out" in note)
    assert re.search(r"left out: \d,\d{3}", left_out)
    assert recording.meta.attribution == XTRACE
    assert recording.meta.complete
    names = [Path(row["path"] or "").name for row in recording.files]
    assert not [name for name in names if fnmatch(name, f"{xtrace.PREFIX}*{xtrace.SUFFIX}")]
    assert not [call for call in recording.calls if (call.fd or 0) > 255]


def left(folder: Path) -> list[str]:
    return [path.name for path in (folder / "tmp").iterdir()]


def test_nothing_is_left_of_it(recording: Recording, folder: Path) -> None:
    assert not [line for line in recording.stderr.splitlines() if "@" in line or "_aklo" in line]
    assert left(folder) == []


@pytest.mark.parametrize("scribe_too", [False, True])
def test_nothing_is_left_of_it_by_who_is_killed(
    record: Recorder, folder: Path, scribe_too: bool
) -> None:
    """It stays while shells may read it, and no longer: who writes the log removes it, or
    whoever finishes the trace if that was killed, too."""
    name = f"killed-{scribe_too}"
    go, log = folder / f"{name}.go", folder / name / LIVE / LOG_FILE
    os.mkfifo(go)
    front = record.start(
        "bash", "-c", f"read -r _ < {go}; bash -c :", name=name, options=["--shell-lines"]
    )
    await_that(lambda: log.exists() and bytes(go) in log.read_bytes(), "the shell to open it")
    scribe = holder_of(log)
    assert scribe
    assert len(left(folder)) == 1
    front.kill()
    if scribe_too:
        os.kill(scribe, signal.SIGKILL)
    go.write_text("go\n")
    front.wait()
    await_that(lambda: has_ended(scribe), "the end of the scribe")
    assert len(left(folder)) == int(scribe_too)
    killed = record.opened(name)
    assert killed.meta.incomplete_reason
    assert left(folder) == []


@pytest.mark.parametrize(
    ("calls", "told", "flags"),
    [
        (xtrace.MOST_FRAMES - 1, ["main"] + ["f"] * (xtrace.MOST_FRAMES - 1), 0),
        (xtrace.MOST_FRAMES, ["f"] * xtrace.INNER_FRAMES, SiteFlag.STACK_TRUNCATED),
        (500, ["f"] * xtrace.INNER_FRAMES, SiteFlag.STACK_TRUNCATED),
    ],
)
def test_of_a_deep_stack_the_inner_functions_are_told(
    record: Recorder, folder: Path, calls: int, told: list[str], flags: int
) -> None:
    (folder / "d.sh").write_text(
        "f() { if (($1 > 1)); then f $(($1 - 1)); else /bin/true; fi; }\nf $1\n"
    )
    command, name = ("bash", "d.sh", str(calls)), f"deep-{calls}"
    recording = record(*command, name=name, cwd=folder, options=["--shell-lines"])
    (run,) = (row for row in recording.images if row["exe"].endswith("/true"))
    (site,) = (row for row in recording.rows("sites") if row["site_id"] == run["site_id"])
    assert (site["stack"], site["line"], site["flags"]) == (told, 1, flags)


def test_functions_are_unknown_after_the_script_unset_their_names(record: Recorder) -> None:
    script = """
f() { [[ -e /before ]]; ( unset FUNCNAME; g ); [[ -e /after ]]; }
g() { : < /dev/null; [[ -e /within ]]; }
f
"""
    options = ["--shell-lines", *AS_ROOT]
    recording = record("bash", "-c", script, name="unset", options=options)
    places = {row["site_id"]: row["function"] for row in recording.rows("sites")}
    found = {
        call.path: places.get(call.site_id)
        for call in recording.calls
        if call.path in ("/before", "/within", "/after")
    }
    assert found == {"/before": "f", "/within": None, "/after": "f"}
