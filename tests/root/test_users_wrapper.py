"""Run by a real sudo, what is installed for a user is theirs."""

from __future__ import annotations

import shutil

import pytest

from aklo_trace import wrapper

from .users import User

CRONTAB = """\
#!/bin/sh
grep -q 'NoNewPrivs:.*0' /proc/self/status || exit 9
case $1 in
    -l) echo "no crontab for $(id -un)" >&2; exit 1 ;;
    -) { id -u; echo "$HOME"; cat; } >"$HOME/table" ;;
esac
"""
FOUND = "PATH=$PWD/before:$PWD/real:$PATH"


@pytest.fixture
def owner(user: User, monkeypatch: pytest.MonkeyPatch) -> User:
    """With an aklo in `real`, and a wrapper that root has made in `before`."""
    for name in ("before", "real"):
        (user.folder / name).mkdir()
        shutil.chown(user.folder / name, user.uid)
    program(user, "real/aklo", "#!/bin/sh\nid -u\n")
    monkeypatch.setattr(wrapper.sys, "executable", user.python)
    wrapper.install(user.folder / "before")
    return user


def program(user: User, name: str, text: str) -> None:
    path = user.folder / name
    path.write_text(text)
    path.chmod(0o755)


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
