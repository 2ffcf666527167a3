"""Whatever is in the place of a trace, every verb shows what there is or says in one line what is
wrong; none fails with a traceback, and none waits for ever."""

from __future__ import annotations

import contextlib
import io
import json
import os
import random
import shutil
import signal
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from aklo_trace import meta as meta_file
from aklo_trace import store
from aklo_trace.cli import main
from aklo_trace.commands import info, recover, report
from aklo_trace.commands import list as list_
from aklo_trace.config.configuration import Configuration
from aklo_trace.identity import invoking
from aklo_trace.meta import Meta
from aklo_trace.places import Asker
from aklo_trace.schema import TABLES
from aklo_trace.store import LIVE
from aklo_trace.tables import PART

from .spools import small_life

LONGEST_S = 60
VERBS = ("info", "report", "recover", "list")
LOG = Path(__file__).parents[2] / "golden" / "strace" / "follow.log"
HUGE = 1 << 40

Damage = Callable[[Path], object]


@pytest.fixture(scope="module", autouse=True)
def as_we_are() -> Iterator[None]:
    """The verbs give up privileges, which the other tests of this process need."""
    asker = ourselves()
    with pytest.MonkeyPatch.context() as patch:
        for module in (info, recover):
            patch.setattr(module, "find_trace", Path)
        patch.setattr(report, "become_asker", lambda: asker)
        yield


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One trace of each kind: finished, interrupted, and one that strace was recording."""
    folder = tmp_path_factory.mktemp("made")
    for name in ("finished", "interrupted"):
        small_life().write(folder / name)
    store.recover(folder / "finished")
    live = folder / "strace" / LIVE
    live.mkdir(parents=True)
    meta_file.write(live.parent, Meta("strace", "by hand", ("true",), "/", 1))
    shutil.copy(LOG, live / "strace.log")
    (live / "start.json").write_text(json.dumps({"pid": 1, "machine": "x86_64", "ppid": 2}))
    return folder


def ourselves() -> Asker:
    """Without a configuration."""
    return Asker(invoking(), Configuration())


class WaitsForEver(BaseException):
    """A verb that does not come back."""


KINDS = ("finished", "interrupted", "strace")


def run(verb: str, trace: Path, form: str = "text") -> tuple[int, str, str]:
    """The verb in this process; `list` with the store that holds the trace."""

    def give_up(*_: object) -> None:
        raise WaitsForEver(verb)

    asker = ourselves()
    out, err = (io.TextIOWrapper(io.BytesIO(), "utf-8") for _ in "12")
    words = [verb] if verb == "list" else [verb, str(trace)]
    words += [] if verb == "recover" else ["--format", form]
    before = signal.signal(signal.SIGALRM, give_up)
    signal.alarm(LONGEST_S)
    try:
        with (
            pytest.MonkeyPatch.context() as patch,
            contextlib.redirect_stdout(out),
            contextlib.redirect_stderr(err),
        ):
            patch.setattr(list_, "become_asker", lambda: asker)
            patch.setattr(Asker, "stores", lambda _: [trace.parent])
            status = main(words)
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)
    for stream in (out, err):
        stream.seek(0)
    return status, out.read(), err.read()


def assert_fit(trace: Path) -> None:
    """Every verb, on a copy: the first one that succeeds finishes the trace."""
    for verb in VERBS:
        place = trace.with_name(f"{verb}-of")
        subprocess.run(["cp", "-a", "--sparse=always", "-T", trace, place], check=True)
        for form in ("text", "json"):
            status, out, err = run(verb, place, form)
            said = f"{verb}: {err}"
            assert status in (0, 1), said
            assert (status == 0) == (err == ""), said
            assert not err or (err.startswith("aklo-trace: ") and err.count("\n") == 1), said
            assert "is a fault of" not in err, said
            assert "\x1b" not in out + err, said
            assert "Traceback" not in out + err, said
        shutil.rmtree(place)


def replaced(path: Path, kind: str) -> None:
    """Put something else in the place of a file or folder."""
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
    match kind:
        case "fifo":
            os.mkfifo(path)
        case "folder":
            path.mkdir()
        case "loop":
            path.symlink_to(path)
        case "device":
            path.symlink_to("/dev/zero")
        case "empty":
            path.touch()
        case "huge":
            with path.open("wb") as file:
                file.truncate(HUGE)


REPLACEMENTS = ("nothing", "fifo", "folder", "loop", "device", "empty", "huge")
SPOOLS = ("start.json", "events.bin", "records.bin", "counters.bin", "marks.bin", "lock")
PLACES = {
    "finished": ["meta.json", *(name for t in TABLES for name in (t.name, f"{t.name}/{PART}"))],
    "interrupted": ["meta.json", LIVE, "files", *(f"{LIVE}/{name}" for name in SPOOLS)],
    "strace": ["meta.json", *(f"{LIVE}/{name}" for name in ("start.json", "strace.log", "lock"))],
}


@pytest.mark.parametrize("kind", REPLACEMENTS)
@pytest.mark.parametrize("place", [(name, p) for name, paths in PLACES.items() for p in paths])
def test_something_else_in_the_place_of_a_file(
    made: Path, tmp_path: Path, place: tuple[str, str], kind: str
) -> None:
    name, path = place
    trace = Path(shutil.copytree(made / name, tmp_path / name))
    replaced(trace / path, kind)
    assert_fit(trace)


HOSTILE: st.SearchStrategy[Any] = st.recursive(
    st.none()
    | st.booleans()
    | st.sampled_from([-1, 0, 10**30, -(10**30), 1 << 63, (1 << 62) - 1, float("nan"), 1e308])
    | st.integers()
    | st.text()
    | st.just("\x1b[31m\n"),
    lambda values: st.lists(values) | st.dictionaries(st.text(), values),
    max_leaves=5,
)
SETTINGS = settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@pytest.fixture
def copied(made: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    def copy(name: str) -> Path:
        return Path(shutil.copytree(made / name, tmp_path_factory.mktemp("copy") / name))

    return copy


@SETTINGS
@given(
    st.sampled_from(KINDS),
    st.dictionaries(st.sampled_from([f.name for f in fields(Meta)]), HOSTILE, max_size=4),
)
def test_a_meta_file_that_says_anything(
    copied: Callable[[str], Path], name: str, changes: dict[str, object]
) -> None:
    trace = copied(name)
    found = json.loads((trace / "meta.json").read_text())
    (trace / "meta.json").write_text(json.dumps(found | changes))
    assert_fit(trace)


@pytest.mark.parametrize("number", [-1, 10**30, (1 << 62) - 1])
@pytest.mark.parametrize("field", [f.name for f in fields(Meta) if "int" in str(f.type)])
def test_a_meta_file_with_an_absurd_number(
    copied: Callable[[str], Path], field: str, number: int
) -> None:
    trace = copied("finished")
    meta = json.loads((trace / "meta.json").read_text())
    value = {"x": number} if isinstance(meta[field], dict) else number
    (trace / "meta.json").write_text(json.dumps(meta | {field: value}))
    assert_fit(trace)


def test_a_meta_file_with_what_a_terminal_would_obey(copied: Callable[[str], Path]) -> None:
    trace = copied("finished")
    meta, evil = meta_file.read(trace), "\x1b[31m\n\u202e"
    evils: dict[str, Any] = {
        **{f.name: evil for f in fields(Meta) if "str" in str(f.type)},
        **{f.name: (evil,) for f in fields(Meta) if "tuple" in str(f.type)},
        **{f.name: {evil: 1} for f in fields(Meta) if "dict" in str(f.type)},
    }
    meta_file.write(trace, replace(meta, complete=False, **evils))
    assert_fit(trace)


@SETTINGS
@given(HOSTILE)
def test_a_meta_file_that_is_anything(copied: Callable[[str], Path], content: object) -> None:
    trace = copied("finished")
    (trace / "meta.json").write_text(json.dumps(content))
    assert_fit(trace)


def flipped(content: bytearray, chance: random.Random) -> None:
    for _ in range(chance.choice([1, 3, 100])):
        content[chance.randrange(len(content))] = chance.randrange(256)


def with_extreme_words(content: bytearray, chance: random.Random) -> None:
    for _ in range(chance.choice([1, 3, 30])):
        start = chance.randrange(len(content)) & ~7
        word = chance.choice([b"\xff" * 8, b"\x00" * 8, b"\xff" * 7 + b"\x7f", b"\xff" * 4])
        content[start : start + len(word)] = word


def cut(content: bytearray, chance: random.Random) -> None:
    del content[chance.randrange(len(content)) :]


def overwritten(content: bytearray, chance: random.Random) -> None:
    content[:] = chance.randbytes(chance.choice([1, 100, len(content), 5 * len(content)]))


def continued(content: bytearray, chance: random.Random) -> None:
    content += chance.randbytes(chance.choice([1, 100, len(content)]))


def doubled(content: bytearray, chance: random.Random) -> None:
    del chance
    content *= 2


CHANGES = (flipped, with_extreme_words, cut, overwritten, continued, doubled)


@settings(SETTINGS, max_examples=150)
@given(st.sampled_from(KINDS), st.sampled_from(CHANGES), st.integers(0, 1 << 32))
def test_files_that_hold_anything(
    copied: Callable[[str], Path], name: str, change: Any, seed: int
) -> None:
    chance = random.Random(seed)
    trace = copied(name)
    files = sorted(p for p in trace.rglob("*") if p.is_file() and p.stat().st_size)
    path = chance.choice(files)
    content = bytearray(path.read_bytes())
    change(content, chance)
    path.write_bytes(content)
    assert_fit(trace)


def test_a_bad_trace_does_not_hide_the_others(made: Path, tmp_path: Path) -> None:
    for name in ("1", "3"):
        shutil.copytree(made / "finished", tmp_path / name)
    bad = Path(shutil.copytree(made / "finished", tmp_path / "2"))
    (bad / "meta.json").write_text("{")
    status, out, err = run("list", bad)
    assert (status, err) == (0, "")
    assert [line.split()[-1] for line in out.splitlines()[1:] if "damaged" not in line] == [
        "3",
        "1",
    ]
    assert "2  (" in out
