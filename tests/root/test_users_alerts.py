"""Run by a real sudo, alerts are written down and acted upon as the user who called it."""

from __future__ import annotations

import os
from pathlib import Path

from aklo_trace.alerting.history import FILE

from .users import User

CONF = """\
[alert.many]
metric=processes
over=0
actions=id mark
[action.id]
command=sh -c 'id -u >{folder}/ids; id -G >>{folder}/ids; env >{folder}/environ; {more}'
[action.mark]
file={folder}/marks
"""
QUIET = "-q --engine strace"


def configure(user: User, more: str = ":") -> None:
    conf = user.folder / ".aklo.conf"
    conf.write_text(CONF.format(folder=user.folder, more=more))
    os.chown(conf, user.uid, -1)


def owner_and_mode(path: Path) -> tuple[int, str]:
    status = path.stat()
    return status.st_uid, oct(status.st_mode & 0o777)


def test_a_repositorys_actions_do_not_run_as_root(user: User) -> None:
    configure(user)
    status, _, err = user.run(f"sudo $T {QUIET} -- sh -c 'exit 5'")
    assert status == 5
    assert "until you trust the file" in err
    assert not (user.folder / "ids").exists()
    assert not (user.folder / "marks").exists()


def test_trusted_actions_run_as_the_user_in_the_users_environment(user: User) -> None:
    configure(user, more="sudo -n true && touch $HOME/became-root")
    status, out, err = user.run("sudo $T config trust")
    assert status == 0, err
    assert "sudo -n true" in out
    data = user.folder / ".local/share/aklo-trace"
    assert owner_and_mode(data / "trusted.json") == (user.uid, "0o600")
    status, _, err = user.run(f"sudo $T {QUIET} -- sh -c 'exit 5'")
    assert status == 5
    assert err == "aklo-trace: The action id of the alert many failed: its exit status is 1.\n"
    ids = (user.folder / "ids").read_text().split("\n")
    assert ids[0] == str(user.uid)
    assert "0" not in ids[1].split()
    environ = (user.folder / "environ").read_text().splitlines()
    assert f"HOME={user.folder}" in environ
    assert not [line for line in environ if line.startswith("SUDO_")]
    assert not (user.folder / "became-root").exists()
    for file in (user.folder / "marks", user.folder / ".aklo_metrics" / FILE):
        assert owner_and_mode(file) == (user.uid, "0o600")


def test_what_root_alone_may_write_is_not_written(user: User, tmp_path: Path) -> None:
    place = tmp_path / "of-root"
    place.mkdir(mode=0o755)
    configure(user)
    conf = user.folder / ".aklo.conf"
    text = conf.read_text().replace("/marks", "/of-root/marks")
    conf.write_text(text.replace("=id mark", "=mark"))
    assert user.run("sudo $T config trust")[0] == 0
    status, _, err = user.run(f"sudo $T {QUIET} -- true")
    assert status == 0
    assert "/of-root/marks: Permission denied" in err
    assert list(place.iterdir()) == []
