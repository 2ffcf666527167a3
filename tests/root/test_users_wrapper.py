"""Run by a real sudo, root is for aklo alone: configuration, traces and what is installed are the
user's."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from aklo_trace import location, wrapper
from aklo_trace.store import LIVE

from .recording import await_that
from .users import User

CRONTAB = """\
#!/bin/sh
grep -q 'NoNewPrivs:.*0' /proc/self/status || exit 9
case $1 in
    -l) echo "no crontab for $(id -un)" >&2; exit 1 ;;
    -) { id -u; echo "$HOME"; cat; } >"$HOME/table" ;;
esac
"""
CONFIGURATION = Path(location.PROJECT_FILE)
FOUND = "PATH=$PWD/before:$PWD/real:$PATH"
STATUS = f"sudo env {FOUND} aklo status"


@pytest.fixture
def owner(user: User, monkeypatch: pytest.MonkeyPatch) -> User:
    """With an aklo in `real`, and a wrapper that root has made in `before`."""
    for name in ("before", "real"):
        (user.folder / name).mkdir()
        shutil.chown(user.folder / name, user.uid)
    program(user, "real/aklo", "#!/bin/sh\nid -u\n")
    configure(user, "")
    monkeypatch.setattr(wrapper.sys, "executable", user.python)
    wrapper.install(user.folder / "before")
    return user


def program(user: User, name: str, text: str) -> None:
    path = user.folder / name
    path.write_text(text)
    path.chmod(0o755)


def configure(user: User, text: str) -> None:
    path = user.folder / CONFIGURATION
    path.write_text(text)
    shutil.chown(path, user.uid)


def test_the_users_configuration_turns_it_off(owner: User) -> None:
    configure(owner, "IO_MONITORING_ENABLED=false\n")
    assert owner.run(STATUS) == (0, "0\n", "")
    assert not (owner.folder / location.PROJECT_STORE).exists()


def test_variables_of_the_command_line_of_sudo_count(owner: User) -> None:
    off = STATUS.replace(" aklo", " AKLO_TRACE_MONITORING_ENABLED=false aklo")
    assert owner.run(off) == (0, "0\n", "")


def test_in_a_root_shell_it_is_roots(owner: User) -> None:
    configure(owner, "IO_MONITORING_ENABLED=false\n")
    _, out, err = owner.run(f"sudo env {FOUND} HOME=$HOME/root bash -c 'aklo status; true'")
    assert out == "0\n"
    assert "belongs to user" in err


def test_status_shows_the_users_traces(owner: User) -> None:
    store = owner.folder / location.PROJECT_STORE
    status, out, err = owner.run(STATUS)
    assert (status, out) == (0, "0\n"), err
    await_that(lambda: location.traces(store) and not any(store.glob(f"*/{LIVE}")), "the tables")
    assert {path.lstat().st_uid for path in store.rglob("*")} == {owner.uid}
    _, out, err = owner.run(f"sudo env {FOUND} aklo monitor dashboard")
    assert "aklo status" in out, err


def test_a_wrapper_in_a_users_directory_is_theirs(owner: User) -> None:
    status, _, err = owner.run(f"sudo env {FOUND} $T install-wrapper --dir before")
    assert status == 0, err
    assert (owner.folder / "before" / "aklo").stat().st_uid == owner.uid


def test_a_digest_is_scheduled_by_the_user(owner: User) -> None:
    program(owner, "before/crontab", CRONTAB)
    begun = "PATH=$PWD/before:$PATH sudo $T digest --schedule --by cron -o d"
    status, out, err = owner.run(begun)
    assert (status, out) == (0, "scheduled, each day: a line of your crontab\n"), err
    uid, home, line = (owner.folder / "table").read_text().splitlines()
    assert (uid, home) == (str(owner.uid), str(owner.folder))
    assert f"-o {owner.folder}/d" in line
