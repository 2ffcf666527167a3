"""Run by a real sudo, the configuration is that of the user who called it, read as that user."""

from __future__ import annotations

import json
from pathlib import Path

from .users import User

QUIET = "-q --engine strace"


def engine_of(folder: Path) -> str:
    (meta,) = folder.glob("*/meta.json")
    return str(json.loads(meta.read_text())["engine"])


def test_the_users_own_files_and_variables_count(user: User) -> None:
    toml = user.folder / ".config/aklo-trace/config.toml"
    toml.parent.mkdir(parents=True)
    toml.write_text(f'[monitoring]\nmetrics_dir = "{user.folder}/kept"\n[trace]\nengine = "bcc"\n')
    status, _, err = user.run("AKLO_TRACE_ENGINE=strace sudo $T -q -- true")
    assert status == 0, err
    kept = user.folder / "kept"
    assert engine_of(kept) == "strace"
    assert {path.lstat().st_uid for path in (kept, *kept.rglob("*"))} == {user.uid}


def test_a_file_that_only_root_can_read_is_not_read(user: User) -> None:
    secret = user.folder / "secret"
    secret.write_text("IO_METRICS_DIR=secret\nIO_PASSWORD=hidden\n")
    secret.chmod(0o600)
    (user.folder / ".aklo.conf").symlink_to(secret)
    status, out, err = user.run(f"sudo $T {QUIET} -- echo ran")
    assert (status, out) == (0, "ran\n")
    assert err == (
        f"aklo-trace: configuration: {user.folder}/.aklo.conf: is not used: it cannot be read: "
        "Permission denied\n"
    )
    assert not (user.folder / "secret-traces").exists()
    status, out, _ = user.run("sudo $T config validate")
    assert status == 2
    assert "hidden" not in out
