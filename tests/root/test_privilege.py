"""Run by a real sudo, the recorder keeps no privilege, and what it writes is the user's."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from aklo_trace.store import LIVE

from .processes import holder_of
from .recording import TIMEOUT_S, await_that
from .users import User

OPTIONS = "--engine ebpf --format none"


def owners_and_modes(folder: Path) -> set[tuple[int, str]]:
    written = [folder, *folder.rglob("*")]
    return {(path.lstat().st_uid, oct(path.lstat().st_mode & 0o177777)) for path in written}


def test_what_is_written_belongs_to_the_user_alone(user: User) -> None:
    status, out, err = user.run(f"sudo $T {OPTIONS} -o trace -- id -u")
    assert (status, out) == (0, f"{user.uid}\n"), err
    private = {(user.uid, "0o100600"), (user.uid, "0o40700")}
    assert owners_and_modes(user.folder / "trace") == private


def test_the_store_is_the_users_own(user: User) -> None:
    status, _, err = user.run(f"sudo $T {OPTIONS} -- true")
    assert status == 0, err
    store = user.folder / ".local/share/aklo-trace"
    assert {uid for uid, _ in owners_and_modes(user.folder / ".local")} == {user.uid}
    assert oct(store.stat().st_mode & 0o777) == "0o700"
    shown, out, err = user.run("$T info && $T report")
    assert shown == 0, err
    assert "command    true" in out


def test_while_recording_no_privilege_is_left(user: User) -> None:
    process = user.start(f"sudo $T {OPTIONS} -o trace -- cat")
    events = user.folder / "trace" / LIVE / "events.bin"
    try:
        await_that(lambda: process.poll() is not None or holder_of(events), "the recorder")
        recorder = holder_of(events)
        assert recorder, process.communicate()
        for pid in (recorder, int(field(recorder, "PPid")[0])):
            for ids in ("Uid", "Gid"):
                assert set(field(pid, ids)) == {str(user.uid)}, ids
            for capabilities in ("CapInh", "CapPrm", "CapEff", "CapAmb"):
                assert int(field(pid, capabilities)[0], 16) == 0, capabilities
            assert field(pid, "NoNewPrivs") == ["1"]
    finally:
        _, err = process.communicate(timeout=TIMEOUT_S)
    assert process.returncode == 0, err


def test_who_runs_in_real_time_keeps_that(user: User) -> None:
    """Which an unprivileged process could not take again."""
    policy = "sh -c 'chrt -p $$ | sed s/.*:// | tr -d \\\\n'"
    status, untraced, err = user.run(f"sudo chrt -r 10 {policy}")
    if status:
        pytest.skip(f"no process may run in real time here: {err}")
    status, traced, err = user.run(f"sudo chrt -r 10 $T {OPTIONS} -o trace -- {policy}")
    assert (status, err) == (0, "trace: trace\n")
    assert traced == untraced == " SCHED_RR 10"


def field(pid: int, name: str) -> list[str]:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(line.split()[1:] for line in lines if line.startswith(f"{name}:"))


def test_what_the_user_may_not_write_is_refused(user: User, tmp_path: Path) -> None:
    place = tmp_path / "of-root"
    place.mkdir(mode=0o755)
    status, out, err = user.run(f"sudo $T {OPTIONS} -o {place}/trace -- echo ran")
    assert (status, out) == (125, "")
    assert err == (
        f"aklo-trace: No trace can be written to {place}/trace: Permission denied. "
        "See to it that it may be written, or give another directory with -o.\n"
    )


def test_what_the_user_may_not_write_is_not_removed_by_force(user: User, tmp_path: Path) -> None:
    status, _, err = user.run(f"sudo $T {OPTIONS} -o trace -- true")
    assert status == 0, err
    place = tmp_path / "of-root"
    place.mkdir(mode=0o755)
    (tmp_path / "trace").rename(place / "trace")
    status, out, err = user.run(f"sudo $T {OPTIONS} --force -o {place}/trace -- echo ran")
    assert (status, out) == (125, "")
    assert "Permission denied" in err
    assert (place / "trace").is_dir()


def test_a_target_of_another_user_leaves_the_trace_to_the_invoker(user: User) -> None:
    status, out, err = user.run(f"sudo $T {OPTIONS} --user root -o trace -- id -u")
    assert (status, out) == (0, "0\n"), err
    assert {uid for uid, _ in owners_and_modes(user.folder / "trace")} == {user.uid}


def test_a_target_of_another_user_does_not_run_when_the_recording_fails(user: User) -> None:
    (user.folder / "trace").mkdir()
    status, out, err = user.run(f"sudo $T {OPTIONS} --user root -o trace -- touch ran")
    assert (status, out) == (125, "")
    assert "trace exists already" in err
    assert not (user.folder / "ran").exists()


def test_a_signal_reaches_a_target_of_another_user(user: User) -> None:
    """It is passed on by sudo, and by us, who may not signal root's processes any more."""
    ended = 'trap "echo asked; exit 3" TERM; echo ready; for i in {1..600}; do sleep 0.1; done'
    process = user.start(
        f"sudo $T {OPTIONS} --user root -o trace -- bash -c '{ended}' & "
        "read -r; kill -TERM $!; wait $!; exit $?"
    )
    try:
        assert process.stdout
        assert process.stdout.readline() == "ready\n"
        out, err = process.communicate("now\n", timeout=TIMEOUT_S)
    finally:
        process.kill()
    assert (process.returncode, out) == (3, "asked\n"), err


def test_a_trace_of_root_does_not_hide_the_users_own(user: User, tmp_path: Path) -> None:
    (tmp_path / ".aklo.conf").touch()
    status, _, err = user.run(f"sudo $T {OPTIONS} -- true")
    assert status == 0, err
    (own,) = (tmp_path / ".aklo_metrics").glob("*-true")
    other = shutil.copytree(own, own.with_name("9999-hidden"))
    other.chmod(0o700)
    status, out, err = user.run("$T list")
    assert status == 0, err
    assert own.name in out
    assert "9999-hidden" not in out


def test_without_privilege_the_engine_says_what_it_needs(user: User) -> None:
    status, out, err = user.run(f"$T {OPTIONS} -- echo ran")
    assert (status, out) == (125, "")
    assert "it needs root" in err
    assert "sudo" in err
