"""Stacks that are easily mistaken for one another: the kernel side reads only the frames that can
be new since the last call."""

from __future__ import annotations

from pathlib import Path

import pytest

from aklo_trace.schema import SiteFlag, SyscallFlag

from ..recording import Call, Recorder, Recording, Row
from .judgement import Judge
from .labels import PROBED, write

ROUNDS = 300
FRAMES = 32


def sites(recording: Recording) -> dict[int | None, Row]:
    return {row["site_id"]: row for row in recording.rows("sites")}


def probes(recording: Recording) -> list[Call]:
    return [call for call in recording.calls if (call.path or "").startswith(PROBED)]


def said(site: Row) -> str:
    """What a probe at that place says."""
    functions, files, lines = (site[name][::-1] for name in ("stack", "files", "lines"))
    words = ([site["line"] or 0], functions, [line or 0 for line in lines], files)
    return PROBED + ":".join(" ".join(map(str, word)) for word in words)


def assert_right(recording: Recording, count: int) -> None:
    """All probes within functions are where they say, and there are so many."""
    places = sites(recording)
    found = probes(recording)
    assert len(found) == count
    wrong = [
        f"{call.path} is at {places.get(call.site_id)}"
        for call in found
        if call.site_id not in places or said(places[call.site_id]) != call.path
    ]
    assert not wrong, f"{len(wrong)} of {count}, as {wrong[0]}"


def run(record: Recorder, bash: str, script: str, **files: str) -> Recording:
    """Record a labelled script that finds the other files beside it."""
    for name, text in files.items():
        write(record.folder / f"{name}.bash", text)
    path = write(record.folder / "script.bash", script)
    return record(bash, path)


def test_callers_that_alternate_are_told_apart(record: Recorder, bash: str) -> None:
    script = """
leaf() { probe; }
a() { leaf; }
b() { leaf; }
for ((i = 0; i < %d; i++)); do
    a
    b
    a; b
done
"""
    assert_right(run(record, bash, script % ROUNDS), 4 * ROUNDS)


def test_callers_far_out_are_told_apart(record: Recorder, bash: str) -> None:
    script = """
leaf() { probe; }
c() { leaf; }
d() { c; }
e() { d; }
a() { e; }
b() { e; }
for ((i = 0; i < %d; i++)); do
    a; b
done
"""
    assert_right(run(record, bash, script % ROUNDS), 2 * ROUNDS)


def test_neighbours_of_one_call_each_are_told_apart(record: Recorder, bash: str) -> None:
    script = """
a() { probe; }
b() { probe; }
outer() { a; b; probe; a; }
for ((i = 0; i < %d; i++)); do
    outer; a; b; outer
done
"""
    assert_right(run(record, bash, script % ROUNDS), 10 * ROUNDS)


def test_one_name_in_different_files_is_told_apart(record: Recorder, bash: str) -> None:
    """The functions have one name, one length, and are called from one line."""
    plugins = {f"plugin{i}": "run() {\n    probe\n}\n" for i in range(5)}
    script = """
here=${BASH_SOURCE[0]%%/*}
for ((i = 0; i < %d; i++)); do
    source "$here/plugin$((i %% 5)).bash"
    run
done
"""
    assert_right(run(record, bash, script % ROUNDS, **plugins), ROUNDS)


def test_files_sourced_at_one_line_are_told_apart(record: Recorder, bash: str) -> None:
    plugins = {f"plugin{i}": "probe\n" for i in range(5)}
    script = """
load() {
    source "$1"
}
here=${BASH_SOURCE[0]%%/*}
for ((i = 0; i < %d; i++)); do
    load "$here/plugin$((i %% 5)).bash"
done
"""
    assert_right(run(record, bash, script % ROUNDS, **plugins), ROUNDS)


def test_a_call_from_another_line_is_told_apart(record: Recorder, bash: str) -> None:
    script = """
leaf() { probe; }
a() {
    leaf
    leaf; leaf
    leaf
}
for ((i = 0; i < %d; i++)); do
    a
done
"""
    assert_right(run(record, bash, script % ROUNDS), 4 * ROUNDS)


def test_calls_that_are_not_recorded_do_not_hide_others(record: Recorder, bash: str) -> None:
    """With a filter the stack is not read at every call."""
    script = """
down() {
    if (($1)); then
        down $(($1 - 1))
    else
        [[ -r / ]]
        probe
    fi
}
a() { down 20; }
b() { down 20; }
for ((i = 0; i < %d; i++)); do
    a; b
done
"""
    path = write(record.folder / "script.bash", script % ROUNDS)
    recording = record(bash, path, options=["--syscalls", "newfstatat"])
    assert_right(recording, 2 * ROUNDS)


def test_forked_stacks_go_their_own_ways(record: Recorder, bash: str) -> None:
    script = """
leaf() { probe; }
a() { leaf; (leaf; b); leaf; }
b() { leaf; }
for ((i = 0; i < %d; i++)); do
    a & b
done
wait
"""
    assert_right(run(record, bash, script % 30), 5 * 30)


THROWS = {
    "exit": "exit 3",
    "return": "return 3",
    "errexit": "set -e; false",
    "unbound": "set -u; : $nothing",
    "message": ": ${nothing:?there is none}",
    "nesting": "FUNCNEST=4; endless",
    "arithmetic": ": $((1 / 0))",
    "interrupt": "kill -INT $BASHPID; :",
    "terminate": "kill -TERM $BASHPID; :",
    "trapped interrupt": "trap trapped INT; kill -INT $BASHPID; :",
}
"""What ends a subshell, by what it is."""


@pytest.mark.parametrize("throw", THROWS)
def test_subshells_that_are_thrown_out_of_their_functions(
    record: Recorder, bash: str, throw: str
) -> None:
    """As many functions run in the EXIT trap as the subshell was forked in, and more and fewer."""
    script = f"""
leaf() {{ probe; }}
twice() {{ leaf; leaf; }}
trapped() {{ leaf; twice; probe; }}
endless() {{ endless; }}
trap : INT
inner() {{
    (trap "leaf; trapped" EXIT; {THROWS[throw]})
    (trap "leaf; trapped" EXIT; twice; {THROWS[throw]})
    : $(trap "leaf; trapped" EXIT; {THROWS[throw]})
    {{ trap "leaf; trapped" EXIT; {THROWS[throw]}; }} &
    wait
}}
outer() {{ inner; probe; }}
for ((i = 0; i < 10; i++)); do
    outer
    inner
done
"""
    recording = run(record, bash, script)
    assert_right(recording, len(probes(recording)))
    assert len(probes(recording)) >= 10 * (1 + 2 * 2)


def test_thousands_of_functions(record: Recorder, bash: str) -> None:
    count = 10_000
    script = f"""
for ((i = 0; i < {count}; i++)); do
    eval "function_$i() {{ [[ -e /nothing/$i ]]; }}"
done
for ((i = 0; i < {count}; i++)); do
    function_$i
done
"""
    recording = run(record, bash, script)
    places = sites(recording)
    found = {
        places[call.site_id]["function"]: call.path
        for call in recording.calls
        if (call.path or "").startswith("/nothing/")
    }
    assert found == {f"function_{i}": f"/nothing/{i}" for i in range(count)}


@pytest.mark.parametrize("depth", [5, 31, 32, 40, 500])
def test_recursion_of_any_depth(record: Recorder, bash: str, depth: int) -> None:
    script = f"""
down() {{
    mark
    (($1 > 1)) && down $(($1 - 1))
    mark
}}
down {depth}
"""
    path = write(record.folder / "script.bash", script)
    (record.folder / "truth").mkdir()
    environ = {**record.environ, "TRUTH": str(record.folder / "truth"), "MARKS": "0"}
    recording = record(bash, path, env=environ)
    judge = Judge(recording, str(record.folder / "truth"))
    assert len(judge.marks) == 2 * depth
    marks = {
        call.path: judge.sites[call.site_id]
        for call in recording.calls_of("openat")
        if call.path in judge.marks
    }
    for path_, mark in judge.marks.items():
        site = marks[path_]
        is_cut = len(mark.functions) > FRAMES
        assert (site["function"], site["line"]) == ("down", mark.line)
        assert tuple(site["stack"][::-1]) == mark.functions[:FRAMES]
        assert tuple(line or 0 for line in site["lines"][::-1]) == mark.calls[:FRAMES]
        assert bool(site["flags"] & SiteFlag.STACK_TRUNCATED) == is_cut


def test_no_stack_is_claimed_after_the_script_unset_it(record: Recorder, bash: str) -> None:
    script = """
f() {
    [[ -e /before ]]
    unset FUNCNAME
    [[ -e /after ]]
    FUNCNAME=(f main)
    [[ -e /made ]]
    f2
}
f2() { [[ -e /within ]]; }
(f)
[[ -e /sane ]]
"""
    recording = run(record, bash, script)
    places = sites(recording)
    (before,) = (call for call in recording.calls if call.path == "/before")
    assert places[before.site_id]["function"] == "f"
    for path in ("/after", "/made", "/within"):
        (call,) = (call for call in recording.calls if call.path == path)
        assert call.site_id is None
        assert call.flags & SyscallFlag.SITE_UNKNOWN
    (sane,) = (call for call in recording.calls if call.path == "/sane")
    assert places[sane.site_id]["line"] == 12


@pytest.mark.parametrize("length", [100, 127, 128, 129, 254, 255])
def test_long_names_of_functions(record: Recorder, bash: str, length: int) -> None:
    """Two of them differ only in their last letter."""
    names = [letter.rjust(length, "x") for letter in "ab"]
    script = "".join(f"{name}() {{ probe; }}\n" for name in names)
    script += "".join(f"{name}; " for name in names * ROUNDS)
    assert_right(run(record, bash, script), 2 * ROUNDS)


def test_names_of_functions_that_are_too_long_are_flagged(record: Recorder, bash: str) -> None:
    name = "x" * 300
    recording = run(record, bash, f"{name}() {{ probe; }}\n{name}\n")
    (call,) = probes(recording)
    site = sites(recording)[call.site_id]
    assert site["function"] == name[:255]
    assert site["flags"] & SiteFlag.NAME_TRUNCATED


@pytest.mark.parametrize("length", [120, 127, 128, 129, 200, 1500, 4090])
def test_long_names_of_files(record: Recorder, bash: str, length: int) -> None:
    """Two of them differ only in a letter near their end."""
    folder = Path(record.folder)
    while length - len(str(folder)) > 230:
        folder /= "d" * 100
    names = [letter.rjust(length - len(str(folder)) - 6, "x") for letter in "ab"]
    for name in names:
        write(folder / f"{name}.bash", "run() { [[ -e /nothing/$1 ]]; }\n")
    paths = [str(folder / f"{name}.bash") for name in names]
    script = "".join(f"source {path}; run {path[-6]}\n" for path in paths * 20)
    recording = run(record, bash, script)
    places = sites(recording)
    found = [
        (places[call.site_id]["file"], call.path)
        for call in recording.calls
        if (call.path or "").startswith("/nothing/")
    ]
    assert found == [(paths[0], "/nothing/a"), (paths[1], "/nothing/b")] * 20
    assert {len(path) for path in paths} == {length}


def test_a_script_without_an_interpreter_begins_a_stack_of_its_own(
    record: Recorder, bash: str
) -> None:
    """bash executes it itself, in the process that was forked within a function."""
    inner = """
a() { probe; }
b() {
    probe
}
c() { probe; b; probe; }
d() { probe; c; probe; }
a; b; c; d; a
"""
    script = """
PATH=${BASH_SOURCE[0]%/*}:$PATH
f() { probe; plain.bash; probe; }
g() { f; ( exec plain.bash ); probe; }
for ((i = 0; i < 5; i++)); do
    f; g
done
"""
    write(record.folder / "plain.bash", inner).chmod(0o755)
    recording = run(record, bash, script)
    assert_right(recording, 5 * (2 * 2 + 1 + 3 * 11))
