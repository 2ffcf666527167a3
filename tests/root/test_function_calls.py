"""--function-calls: each call of a bash function has its row, with its caller, time and status."""

from __future__ import annotations

import os
import shutil
import signal
from collections import Counter
from pathlib import Path

import pytest

from aklo_trace.schema import CallFlag

from .attribution.conftest import bashes, version
from .recording import Recorder, Recording, Row, await_that, gone_on_unrecorded

OPTION = "--function-calls"


@pytest.fixture(scope="module", params=bashes())
def bash(request: pytest.FixtureRequest) -> str:
    path: str = request.param
    return path


def run(
    record: Recorder, script: str, bash: str = "bash", options: tuple[str, ...] = ()
) -> Recording:
    """Record a script that is given as text."""
    path = record.folder / "script.bash"
    path.write_text(script)
    return record(bash, path, options=[OPTION, *options])


def calls(recording: Recording, function: str | None = None) -> list[Row]:
    """By the time of their beginnings."""
    rows = sorted(recording.rows("calls"), key=lambda row: row["ts_ns"])
    return [row for row in rows if function in (None, row["function"])]


def statuses(recording: Recording, function: str) -> list[int | None]:
    return [row["exit_status"] for row in calls(recording, function)]


def flags(recording: Recording, function: str) -> set[int]:
    return {row["flags"] for row in calls(recording, function)}


def callers(recording: Recording) -> dict[str, set[tuple[str | None, int]]]:
    """By function, where it was called."""
    sites = {row["site_id"]: row for row in recording.rows("sites")}
    found: dict[str, set[tuple[str | None, int]]] = {}
    for row in recording.rows("calls"):
        site = sites[row["site_id"]]
        found.setdefault(row["function"], set()).add((site["function"], site["line"]))
    return found


def test_nested_calls_lie_within_each_other(record: Recorder, bash: str) -> None:
    script = "inner() { :; }\nouter() {\n  inner\n  inner\n}\nouter\n"
    recording = run(record, script, bash)
    outer, *inner = calls(recording)
    assert [row["function"] for row in (outer, *inner)] == ["outer", "inner", "inner"]
    assert [row["depth"] for row in (outer, *inner)] == [1, 2, 2]
    assert callers(recording) == {"outer": {(None, 6)}, "inner": {("outer", 3), ("outer", 4)}}
    ends = [row["ts_ns"] + row["dur_ns"] for row in (*inner, outer)]
    assert outer["ts_ns"] < inner[0]["ts_ns"] < ends[0] < inner[1]["ts_ns"] < ends[1] < ends[2]
    assert {row["file"] for row in calls(recording)} == {str(record.folder / "script.bash")}
    assert recording.meta.complete


def test_each_call_of_a_recursion_has_its_row(record: Recorder, bash: str) -> None:
    script = "down() { if (( $1 )); then down $(( $1 - 1 )); fi; return $1; }\ndown 50\n"
    recording = run(record, script, bash)
    assert [row["depth"] for row in calls(recording)] == list(range(1, 52))
    assert statuses(recording, "down") == list(range(50, -1, -1))


STATUSES = """
back() { return $1; }
last() { (exit $1); }
bare() { (exit $1); return; }
loop() { while :; do return $1; done; }
cond() { if false; then :; fi; }
negated() { ! true; }
grouped() { { back 6; }; }
sub() ( exit $1 )
within() { source "$0.sourced"; (exit $1); }
through() { back 9 | back 8; }
nothing() { :; } < /nonexistent 2> /dev/null
chatty() { return --help > /dev/null; (exit 11); }
trapped() { trap 'return 12' USR1; kill -USR1 $BASHPID; :; }
evaluated() { eval 'return 13'; }
quiet() { command return 14; }
say() { "$@" 2> /dev/null; echo "$1 $?"; }
echo "return 77" > "$0.sourced"
say back 3; say back 255; say back 256; say last 4; say bare 5; say loop 7; say cond; say negated
say grouped; say sub 10; say within 2; say through; say nothing; say chatty; say trapped
say evaluated; say quiet
"""


def test_the_status_is_the_one_that_bash_gives(record: Recorder, bash: str) -> None:
    recording = run(record, STATUSES, bash)
    assert len(recording.said) == STATUSES.count("() {") + STATUSES.count("() (") - 1
    for function, said in recording.said.items():
        found = statuses(recording, function)
        if function == "back":  # others call it later
            found = found[: len(said)]
        assert found == said, function


def test_a_return_that_may_fail_has_no_status(record: Recorder, bash: str) -> None:
    script = "good() { return -- 15; }\nbad() { return 1 2; }\ngood\nbad 2> /dev/null\n"
    recording = run(record, script, bash)
    assert statuses(recording, "good") == statuses(recording, "bad") == [None]


def test_a_status_that_cannot_be_known_is_not_guessed(record: Recorder, bash: str) -> None:
    """bash keeps one value for all functions, and a trap's function returns before the one that
    it is run for is left."""
    script = (
        "other() { return 5; }\nset -o functrace\nplain() { return 3; }\n"
        "plain\ntrap 'trap - RETURN; other' RETURN\nplain\n"
    )
    recording = run(record, script, bash)
    assert statuses(recording, "plain") == [3, None]
    assert statuses(recording, "other") == [5]


def test_a_return_within_a_substitution_is_not_the_functions(record: Recorder, bash: str) -> None:
    """${ ... }, of bash 5.3."""
    if version(bash) < "5.3":
        pytest.skip("of bash 5.3")
    script = (
        "inner() { return 6; }\n"
        "f() { x=${ inner; set -- a; local y=1; return 5; }; (exit 4); }\nf\n"
    )
    recording = run(record, script, bash)
    assert statuses(recording, "f") == [4]
    assert statuses(recording, "inner") == [6]
    assert len(calls(recording)) == 2


def test_set_e_ends_all_calls_with_the_process(record: Recorder, bash: str) -> None:
    recording = run(record, "set -e\nlow() { false; }\nhigh() { low; }\nhigh\necho no\n", bash)
    assert recording.status == 1
    assert recording.stdout == ""
    assert Counter(row["function"] for row in calls(recording)) == {"low": 1, "high": 1}
    for row in calls(recording):
        assert row["flags"] in (0, CallFlag.ENDED_BY_EXIT)
        assert row["dur_ns"] > 0


def test_functions_in_processes_of_their_own_end_with_them(record: Recorder, bash: str) -> None:
    script = "left() { echo x; }\nright() { read -r; }\nleft | right\n( left > /dev/null )\n"
    recording = run(record, script, bash)
    piped, nested = calls(recording, "left")
    (right,) = calls(recording, "right")
    assert (piped["flags"], right["flags"], nested["flags"]) == (1, 1, 0)
    ends = {row["proc_id"]: row["end_ns"] for row in recording.processes}
    for row in (piped, right):
        assert 0 <= ends[row["proc_id"]] - row["ts_ns"] - row["dur_ns"] < row["dur_ns"]
    assert len({piped["proc_id"], right["proc_id"], nested["proc_id"]}) == 3


def test_a_child_does_not_end_its_parents_functions(record: Recorder, bash: str) -> None:
    script = "inner() { :; }\nouter() { x=$(inner; inner; exit 3); ( return 4 ); inner; }\nouter\n"
    recording = run(record, script, bash)
    (outer,) = calls(recording, "outer")
    assert outer["flags"] == 0
    assert [row["depth"] for row in calls(recording, "inner")] == [2, 2, 2]
    assert Counter(row["proc_id"] for row in calls(recording, "inner")) == {2: 2, 1: 1}


def test_a_function_that_is_replaced_while_it_runs_keeps_its_row(
    record: Recorder, bash: str
) -> None:
    script = "f() { f() { return 2; }; return 1; }\nf; f\nunset -f f\ng() { unset -f g; }\ng\n"
    recording = run(record, script, bash)
    assert statuses(recording, "f") == [1, 2]
    assert statuses(recording, "g") == [0]


def test_what_is_no_call_has_no_row(record: Recorder, bash: str) -> None:
    """bash takes arguments for `set` and `source` where it takes those of functions."""
    script = (
        'echo ":" > "$0.sourced"\nset -- a b\n'
        'f() { set -- c d; source "$0.sourced" e; set -- g; }\nf\n'
        'source "$0.sourced" h\nx=1 true\nset -- i\n'
    )
    recording = run(record, script, bash)
    assert [row["function"] for row in calls(recording)] == ["f"]


def test_ten_thousand_calls_are_ten_thousand_rows(record: Recorder, bash: str) -> None:
    script = "f() { :; }\ng() { f; }\nfor ((i = 0; i < 5000; i++)); do g; done\n"
    recording = run(record, script, bash)
    assert Counter(row["function"] for row in calls(recording)) == {"f": 5000, "g": 5000}
    assert flags(recording, "f") | flags(recording, "g") == {0}
    assert recording.meta.loss == {}
    assert recording.meta.complete


def test_exec_ends_a_call(record: Recorder, bash: str) -> None:
    recording = run(record, "low() { exec true; }\nhigh() { low; }\nhigh\n", bash)
    assert flags(recording, "low") == flags(recording, "high") == {CallFlag.ENDED_BY_EXEC}
    assert statuses(recording, "low") == [None]


def test_exit_ends_a_call(record: Recorder, bash: str) -> None:
    script = "bye() { :; }\ntrap bye EXIT\nf() { exit 3; }\nf\n"
    recording = run(record, script, bash)
    assert recording.status == 3
    assert flags(recording, "f") == {CallFlag.ENDED_BY_EXIT}
    assert statuses(recording, "bye") == [0]


def test_a_deadly_signal_ends_calls(record: Recorder, bash: str) -> None:
    recording = run(record, "low() { kill -9 $$; }\nhigh() { low; }\nhigh\n", bash)
    assert recording.status == 128 + signal.SIGKILL
    assert flags(recording, "low") == flags(recording, "high") == {CallFlag.ENDED_BY_EXIT}
    (end,) = {row["end_ns"] for row in recording.processes if row["proc_id"] == 1}
    assert {row["ts_ns"] + row["dur_ns"] for row in calls(recording)} == {end}


def test_calls_that_outlive_the_recording_are_there(record: Recorder, bash: str) -> None:
    script = "f() { read -r < <(exec sleep 30); }\nf &\nsleep 0.2\necho pid $!\n"
    recording = run(record, script, bash)
    (pid,) = recording.said["pid"]
    os.kill(pid, signal.SIGKILL)
    (row,) = calls(recording, "f")
    assert (row["dur_ns"], row["exit_status"], row["flags"]) == (None, None, CallFlag.END_UNSEEN)


def test_an_error_that_throws_out_of_functions_spoils_no_others(
    record: Recorder, bash: str
) -> None:
    script = (
        "low() { local -r x=1; x=2; }\nhigh() { low; }\nhigh 2> /dev/null\n"
        "FUNCNEST=3\ndeep() { deep; }\ndeep 2> /dev/null\nafter() { return 6; }\nafter\n"
    )
    recording = run(record, script, bash)
    assert flags(recording, "low") | flags(recording, "high") == {0}
    assert [row["depth"] for row in calls(recording, "deep")] == [1, 2, 3]
    assert flags(recording, "deep") <= {0, CallFlag.END_UNSEEN}  # bash before 5.3 just stops
    assert statuses(recording, "after") == [6]
    assert [row["depth"] for row in calls(recording, "after")] == [1]


def test_names_survive_odd_bytes(record: Recorder) -> None:
    path = record.folder / "script.bash"
    path.write_bytes(b"caf\xe9() { :; }\ncaf\xe9\nna\xc3\xafve() { :; }\nna\xc3\xafve\n")
    recording = record("bash", path, options=[OPTION])
    odd, even = calls(recording)
    assert (odd["function"], odd["flags"]) == ("caf\\xe9", CallFlag.NOT_UTF8)
    assert (even["function"], even["flags"]) == ("naïve", 0)


def test_a_script_that_hides_its_functions_is_told_of_all_the_same(record: Recorder) -> None:
    recording = run(record, "f() { return 3; }\nunset FUNCNAME\nf\n")
    (row,) = calls(recording)
    assert (row["function"], row["exit_status"]) == (None, 3)
    assert row["flags"] == CallFlag.NAME_UNKNOWN


def test_what_does_not_fit_is_counted(record: Recorder) -> None:
    """The recorder is stopped while the script calls functions."""
    count, folder = 20_000, record.folder
    os.mkfifo(folder / "go")
    script = folder / "script.bash"
    script.write_text(
        f'f() {{ :; }}\nread -r < "{folder}/go"\n'
        f'for ((i = 0; i < {count}; i++)); do f; done\n: > "{folder}/done"\n'
    )
    process = record.start("bash", script, options=[OPTION, "--ring-size", "4K"])
    records = folder / "trace" / "live" / "records.bin"
    with gone_on_unrecorded(records, folder / "go"):
        await_that((folder / "done").exists, "the end of the loop")
    recording = record.ended(process)
    lost, rows = recording.meta.loss["function_records"], calls(recording)
    closed = [row for row in rows if row["dur_ns"] is not None]
    assert 2 * count - 1 <= len(rows) + len(closed) + lost <= 2 * count
    assert not recording.meta.complete


def test_the_cost_is_said(record: Recorder) -> None:
    recording = run(record, "f() { return 3; }\nfor i in {1..100}; do f; done\n")
    (said,) = [note for note in recording.meta.notes if "hits of probes" in note]
    hits = int(said.split(" hits")[0].split()[-1].replace(",", ""))
    assert 300 <= hits < 320
    assert "µs each" in said


def test_without_the_option_there_are_no_probes(record: Recorder) -> None:
    path = record.folder / "script.bash"
    path.write_text("f() { :; }\nf\n")
    recording = record("bash", path)
    assert calls(recording) == []
    assert not [note for note in recording.meta.notes if "probes" in note]


def test_a_shell_that_is_met_later_is_named(record: Recorder) -> None:
    other = record.folder / "else" / "othershell"
    other.parent.mkdir()
    shutil.copy(shutil.which("bash") or "", other)
    recording = run(record, f'f() {{ :; }}\nf\n{other} -c "f() {{ :; }}; f"\n')
    assert [row["function"] for row in calls(recording)] == ["f"]
    (said,) = [note for note in recording.meta.notes if "whose function calls" in note]
    assert said.startswith("1 process ran bash")
    assert str(other) in said


def test_functions_of_processes_that_are_filtered_out_are_not_told(record: Recorder) -> None:
    options = ("--programs", "true")
    recording = run(record, "f() { :; }\nf\ntrue\n", options=options)
    assert calls(recording) == []


def test_every_call_is_conserved(record: Recorder, bash: str) -> None:
    """A crowd of processes that end in every way: what a shell counts, is there."""
    script = Path(record.folder / "crowd.bash")
    script.write_text(
        "f() { return 3; }\n"
        "out() { f; exit 4; }\nover() { f; exec true; }\ndead() { f; kill -9 $BASHPID; }\n"
        "for i in {1..20}; do\n"
        "  (out) & (over) & (dead) & f | f & x=$(f) &\n"
        "done 2> /dev/null\nwait\n"
    )
    recording = record(bash, script, options=[OPTION])
    count = Counter((row["function"], row["flags"]) for row in calls(recording))
    assert count == {
        ("f", 0): 80,
        ("f", CallFlag.ENDED_BY_EXIT): 40,
        ("out", CallFlag.ENDED_BY_EXIT): 20,
        ("over", CallFlag.ENDED_BY_EXEC): 20,
        ("dead", CallFlag.ENDED_BY_EXIT): 20,
    }
    returned = [row["exit_status"] for row in calls(recording, "f") if not row["flags"]]
    assert set(returned) == {3}
