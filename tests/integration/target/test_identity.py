"""Becoming a user, staying one, and giving up privileges for good."""

from __future__ import annotations

import os
import pwd
import resource
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

import aklo_trace
from aklo_trace.ancestry import Process
from aklo_trace.errors import UsageError
from aklo_trace.identity import invoking, named

from .conftest import DRIVER, TIMEOUT_S, is_root

NOBODY = pwd.getpwnam("nobody")
AS_NOBODY = ("setpriv", f"--reuid={NOBODY.pw_uid}", f"--regid={NOBODY.pw_gid}", "--clear-groups")

needs_root = pytest.mark.skipif(not is_root(), reason="only root can become someone else")

Python = Callable[..., str]


@pytest.fixture
def python(tmp_path: Path) -> Python:
    """What a piece of Python prints that drops privileges to those of `identity` first."""

    def python(identity: str, script: str) -> str:
        preamble = "import os, subprocess\nfrom aklo_trace.identity import *\n"
        done = subprocess.run(
            [sys.executable, "-c", f"{preamble}user = {identity}; drop_privileges(user)\n{script}"],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=TIMEOUT_S,
        )
        assert done.stderr == ""
        return done.stdout

    return python


@pytest.fixture(scope="session")
def public_driver(
    tmp_path_factory: pytest.TempPathFactory, passable: Callable[..., None]
) -> tuple[str, ...]:
    """The driver in a place, and for a Python, that every user can reach."""
    folder = tmp_path_factory.mktemp("public")
    package = Path(aklo_trace.__path__[0])
    shutil.copytree(package, folder / "aklo_trace", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(DRIVER[1], folder / "driver.py")
    passable(folder, 0o055)
    for python in (sys.executable, "/usr/bin/python3"):
        check = [*AS_NOBODY, python, "-c", "import sys; sys.exit(sys.version_info < (3, 11))"]
        if subprocess.run(check, capture_output=True, check=False).returncode == 0:
            return (python, str(folder / "driver.py"))
    pytest.skip("nobody can't reach a Python of version 3.11 or later")


def status(text: str) -> dict[str, str]:
    return dict(line.split(":\t", 1) for line in text.splitlines() if ":\t" in line)


def test_we_are_the_invoking_user_without_sudo(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SUDO_UID", raising=False)
    identity = invoking()
    assert (identity.uid, identity.gid) == (os.geteuid(), os.getegid())
    assert identity.environ == Process.read(os.getpid()).environ()
    assert identity.limits == {}
    assert identity.is_ours


def test_limits_are_read_as_the_kernel_gives_them() -> None:
    limits = Process.read(os.getpid()).limits()
    assert len(limits) == 16
    assert limits == {limit: resource.getrlimit(limit) for limit in limits}


def test_an_unknown_user_is_an_error() -> None:
    with pytest.raises(UsageError, match="no-such-user: no such user"):
        named("no-such-user")


@needs_root
class TestUser:
    """The option --user."""

    def run(self, user: str, *command: str, **variables: str) -> str:
        done = subprocess.run(
            [*DRIVER, "--user", user, "--", *command],
            env={"PATH": os.defpath, "HOME": "/root", "KEPT": "1"} | variables,
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stdout

    def test_has_the_ids_and_groups_of_that_user(self) -> None:
        mail = pwd.getpwnam("mail")
        assert self.run("mail", "id") == subprocess.check_output(["id", "mail"], text=True)
        assert self.run("mail", "id", "-u") == f"{mail.pw_uid}\n"

    def test_environment_speaks_of_that_user(self) -> None:
        shown = set(self.run("nobody", "env", MAIL="/var/mail/root").splitlines())
        assert shown == {
            f"PATH={os.defpath}",
            "KEPT=1",
            f"HOME={NOBODY.pw_dir}",
            f"SHELL={NOBODY.pw_shell}",
            "USER=nobody",
            "LOGNAME=nobody",
            "MAIL=/var/mail/nobody",
        }

    def test_is_unchanged_for_the_same_user(self) -> None:
        assert self.run("root", "env").splitlines() == [
            f"PATH={os.defpath}",
            "HOME=/root",
            "KEPT=1",
        ]

    def test_finds_commands_as_that_user(self, tmp_path: Path) -> None:
        private, public = tmp_path / "private", Path("/bin")
        private.mkdir(mode=0o700)
        shutil.copy("/bin/false", private / "true")
        assert self.run("nobody", "true", PATH=f"{private}:{public}") == ""

    def test_is_refused_to_others(self, public_driver: tuple[str, ...]) -> None:
        command = [*AS_NOBODY, *public_driver, "--user", "root", "--", "true"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == UsageError.exit_status
        assert "only root can" in done.stderr


@needs_root
class TestDroppedPrivileges:
    def test_nothing_is_left_to_an_ordinary_user(self, python: Python) -> None:
        left = status(python("named('nobody')", "print(open('/proc/self/status').read())"))
        assert left["Uid"].split() == [str(NOBODY.pw_uid)] * 4
        assert left["Gid"].split() == [str(NOBODY.pw_gid)] * 4
        assert left["Groups"].split() == [str(NOBODY.pw_gid)]
        assert left["NoNewPrivs"] == "1"
        for name in ("CapInh", "CapPrm", "CapEff", "CapAmb"):
            assert int(left[name], 16) == 0

    @pytest.mark.parametrize(
        "attempt",
        ["os.setuid(0)", "os.setgroups([0])", "os.setresgid(0, 0, 0)", "open('/etc/shadow')"],
    )
    def test_there_is_no_way_back(self, python: Python, attempt: str) -> None:
        script = f"try: {attempt}\nexcept PermissionError: print('refused')"
        assert python("named('nobody')", script) == "refused\n"

    def test_a_set_user_id_program_gives_nothing(
        self, python: Python, tmp_path: Path, passable: Callable[..., None]
    ) -> None:
        program = Path(shutil.copy("/usr/bin/id", tmp_path / "id"))
        program.chmod(0o4755)
        passable(tmp_path)
        assert subprocess.check_output([*AS_NOBODY, program, "-u"], text=True) == "0\n"
        script = f"subprocess.run(['{program}', '-u'])"
        assert python("named('nobody')", script) == f"{NOBODY.pw_uid}\n"

    def test_others_of_that_user_can_not_look_into_it(self, python: Python) -> None:
        reads = "['cat', f'/proc/{os.getpid()}/environ']"
        script = f"print(subprocess.run({reads}, capture_output=True).stderr.decode())"
        assert "Permission denied" in python("named('nobody')", script)

    def test_root_keeps_its_way_to_files_only(self, python: Python, tmp_path: Path) -> None:
        (tmp_path / "secret").touch(mode=0)
        os.chown(tmp_path / "secret", NOBODY.pw_uid, NOBODY.pw_gid)
        shows = "open('secret').close(); subprocess.run(['cat', '/proc/self/status'])"
        left = status(python("invoking()", shows))
        for name in ("CapInh", "CapPrm", "CapEff", "CapAmb"):
            assert int(left[name], 16) & ~0b101110 == 0

    @pytest.mark.parametrize(
        "spoil", ["os.setresuid = lambda *ids: None", "os.getresgid = lambda: (1, 1, 0)"]
    )
    def test_it_is_an_error_if_it_did_not_work(self, python: Python, spoil: str) -> None:
        script = f"""
from aklo_trace.errors import CaptureError
{spoil}
try: drop_privileges(user)
except CaptureError as error: print('refused')
"""
        assert python("named('nobody')", script) == "refused\n"

    def test_capabilities_left_are_an_error(self, python: Python) -> None:
        script = """
from aklo_trace import privilege
from aklo_trace.errors import CaptureError
try: privilege.verify(0, 0)
except CaptureError as error: print(error)
"""
        assert "still holds capabilities" in python("invoking()", script)

    def test_capabilities_without_root(self, public_driver: tuple[str, ...]) -> None:
        """A user with ambient capabilities: the target keeps them, the tracer does not."""
        caps = ("--inh-caps=+net_raw,+kill", "--ambient-caps=+net_raw,+kill")
        shows = ("grep", "-E", "^(Cap|NoNew|Uid)", "/proc/self/status")
        traced, untraced = (
            subprocess.check_output([*AS_NOBODY, *caps, *prefix, *shows], text=True)
            for prefix in ((*public_driver, "--"), ())
        )
        assert traced == untraced
        assert int(status(traced)["CapAmb"], 16) == 1 << 13 | 1 << 5
        script = "grep -E '^(Cap|NoNew)' /proc/$PPID/status; cat /proc/$PPID/environ 2>&1; :"
        command = [*AS_NOBODY, *caps, *public_driver, "--", "sh", "-c", script]
        shown = subprocess.check_output(command, text=True)
        assert shown.endswith("Permission denied\n")
        tracer = status(shown)
        assert tracer.pop("CapBnd")
        assert tracer.pop("NoNewPrivs") == "1"
        assert {int(mask, 16) for mask in tracer.values()} == {0}
