"""The systemd unit of `watch` gives the capabilities that it needs, and none that it does not."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

import pytest

from aklo_trace.errors import EngineUnavailable

from .recording import TIMEOUT_S, Recorder, await_that
from .watches import Watch, run, watching

UNIT = Path(__file__).parents[2] / "packaging" / "aklo-trace-watch.service"
NOBODY = 65534
REFUSED = "it needs root (or the capabilities BPF and PERFMON)"
NO_TRACE = f"run by user {NOBODY}: cannot become user {NOBODY}"
WITHOUT = {
    "CAP_BPF": REFUSED,
    "CAP_PERFMON": REFUSED,
    "CAP_SETUID": NO_TRACE,
    "CAP_SETGID": NO_TRACE,
}
"""What is said where a capability is missing."""


def settings(name: str) -> list[str]:
    """The words of a setting of the unit; more of them add up."""
    lines = (line.partition("=") for line in UNIT.read_text().splitlines())
    return [word for key, _, value in lines if key == name for word in value.split()]


GIVEN = settings("CapabilityBoundingSet")


def as_service(*capabilities: str) -> list[str]:
    """Starts a command as systemd does with these in place of the unit's capabilities."""

    def only(names: list[str]) -> str:
        return ",".join(["-all", *(f"+{name.removeprefix('CAP_').lower()}" for name in names)])

    bounding = only([name for name in GIVEN if name in capabilities])
    ambient = only([name for name in settings("AmbientCapabilities") if name in capabilities])
    sets = ("--bounding-set", bounding, "--inh-caps", ambient, "--ambient-caps", ambient)
    privileges = ("--no-new-privs",) if settings("NoNewPrivileges") == ["yes"] else ()
    (policy,), (priority,) = settings("CPUSchedulingPolicy"), settings("CPUSchedulingPriority")
    scheduling = ("chrt", f"--{policy}", priority)
    (umask,) = settings("UMask")
    return [
        "sh",
        "-c",
        f'umask {umask}; exec "$@"',
        "sh",
        *scheduling,
        "setpriv",
        *sets,
        *privileges,
    ]


def first_runs(watch: Watch) -> None:
    """The watched script by root, and by another user."""
    run(watch.script, cwd=watch.folder)
    run("setpriv", "--reuid", str(NOBODY), "--clear-groups", watch.script, cwd=watch.folder)


def test_root_runs_the_unit() -> None:
    """With these capabilities of root's, then, and no others."""
    assert settings("User") == []
    assert set(WITHOUT) == set(GIVEN)


def test_it_runs_before_others_and_what_makes_traces_does_not(open_record: Recorder) -> None:
    """Without a capability for that."""
    with watching(open_record, prefix=as_service(*GIVEN)) as watch:
        assert os.sched_getscheduler(watch.front.pid) == os.SCHED_RR
        assert os.sched_getparam(watch.front.pid).sched_priority == 1
        run(watch.script, cwd=watch.folder)
        others = {os.SCHED_OTHER}
        await_that(lambda: policies_below(watch.front.pid) == others, "what makes traces")
        watch.awaited(1)
        watch.stop()


def policies_below(pid: int) -> set[int]:
    """Of the children of a process that live."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    found = set()
    for child in map(int, children):
        with suppress(ProcessLookupError):
            found.add(os.sched_getscheduler(child))
    return found


def test_with_the_units_capabilities_traces_of_all_users_are_made(open_record: Recorder) -> None:
    with watching(open_record, prefix=as_service(*GIVEN)) as watch:
        first_runs(watch)
        recordings = watch.awaited(2)
        watch.stop()
    assert {recording.directory.stat().st_uid for recording in recordings} == {0, NOBODY}
    for recording in recordings:
        assert recording.meta.complete, recording.meta.incomplete_reason
        assert len(recording.processes) == 2
        sites = {tuple(row["stack"]) for row in recording.rows("sites")}
        assert ("main", "step") in sites


@pytest.mark.parametrize("missing", GIVEN)
def test_without_one_of_them_it_says_what_it_cannot_do(open_record: Recorder, missing: str) -> None:
    left = [name for name in GIVEN if name != missing]
    with watching(open_record, prefix=as_service(*left)) as watch:
        if WITHOUT[missing] == REFUSED:
            assert watch.front.wait(TIMEOUT_S) == EngineUnavailable.exit_status
        else:
            first_runs(watch)
            await_that(lambda: "There is no trace" in watch.said, "the complaint")
            (recording,) = watch.awaited(1)
            watch.stop()
            assert recording.directory.stat().st_uid == 0
    assert WITHOUT[missing] in watch.said
    assert "Traceback" not in watch.said
