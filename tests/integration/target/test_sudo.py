"""Run by a real sudo, the target is what the invoking user's own shell would have started.

A user is made for these tests, with the right to run anything by sudo, and removed again.
"""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from .conftest import (
    DRIVER,
    ENGINE_NAMES,
    SHARES_ALL_BUT_THE_LOADER,
    TIMEOUT_S,
    UNLIKE,
    command_line,
    is_root,
    may_raise_limits,
)
from .terminal import CTRL_C, Terminal

USER = f"aklo-trace-sudo-{os.getppid()}"
"""The same in all workers of a test run, for it stands in the names of tests."""
GROUPS = ("games", "dialout")
RULES = Path("/etc/sudoers.d") / USER

TOOLS = ("/usr/sbin/runuser", "/usr/sbin/useradd", "/usr/sbin/userdel", "/usr/bin/sudo")
RUNUSER, USERADD, USERDEL, _ = TOOLS

pytestmark = pytest.mark.skipif(
    not is_root() or not all(Path(tool).exists() for tool in TOOLS),
    reason="needs root, to make a user who may use sudo",
)

AsUser = Callable[[str], str]

LIMITS = "$W/inherited limits | grep -v '^limit 4 '"  # the core limit has its own test

SCRIPTS = {
    "ids": "@ $W/inherited ids",
    "ids of another group": "sg games -c '@ $W/inherited ids; :'",
    "environment": "X=1 @ $W/inherited environ",
    "exported functions": "f() { echo in f; }; export -f f; @ bash -c f",
    "umask": "umask 0027; @ $W/inherited umask",
    "umask 0": "umask 0; @ $W/inherited umask",
    "limits": f"@ {LIMITS}",
    "soft limits": f"ulimit -Sn 99; ulimit -Sf 99; ulimit -Su 999; @ {LIMITS}",
    "hard limits": f"ulimit -n 99; ulimit -f 99; ulimit -s 4096; @ {LIMITS}",
    "signals": "@ $W/inherited signals",
    "ignored signals": "trap '' INT HUP QUIT; @ $W/inherited signals",
    "PIPE is ignored": "trap '' PIPE; @ $W/inherited signals; echo",
    "working directory": "mkdir -p -m 700 d; cd d; @ $W/inherited cwd",
    "PATH of the user": "mkdir -p b; cp $W/inherited b/my; PATH=$PWD/b:$PATH; @ my argv",
    "relative PATH": "mkdir -p b; cp $W/inherited b/my; PATH=b:$PATH; @ my argv environ",
    "privileges": "@ grep -E '^(Cap|NoNew|Sec|Groups|Uid)' /proc/self/status",
    "process": "@ $W/inherited process scheduling",
    "standard streams": "echo in | @ sh -c 'cat; echo err >&2' 2>&1",
    "status": "@ sh -c 'exit 9'; echo $?",
    "created file": "umask 027; @ touch file; stat -c '%U %G %a' file; rm file",
}
"""Pieces of bash in which @ stands for nothing, or for sudo and the tracer."""


@pytest.fixture(scope="module")
def user() -> Iterator[str]:
    remove = [USERDEL, USER]
    subprocess.run(remove, stderr=subprocess.DEVNULL, check=False)
    make = [USERADD, "--no-create-home", "--groups", ",".join(GROUPS), "--shell", "/bin/bash"]
    subprocess.run([*make, USER], check=True)
    RULES.write_text(f"{USER} ALL=(ALL:ALL) NOPASSWD: ALL\n")
    RULES.chmod(0o440)
    yield USER
    RULES.unlink()
    subprocess.run(remove, check=True)


@pytest.fixture
def place(user: str, tmp_path: Path, passable: Callable[..., None]) -> Path:
    """A folder of that user's."""
    passable(tmp_path)
    shutil.chown(tmp_path, user, user)
    return tmp_path


@pytest.fixture
def environ(place: Path, workloads: Path) -> dict[str, str]:
    return {"PATH": os.defpath, "HOME": str(place), "W": str(workloads), "TERM": "xterm"}


LAUNCHER = "launcher"
"""Alone, by the Python that runs the tests, which other users may be unable to read."""


@pytest.fixture(params=[LAUNCHER, *UNLIKE])
def tracer(request: pytest.FixtureRequest) -> tuple[str, ...]:
    """The command line before the command: the launcher without any tracing, and each engine."""
    if request.param == LAUNCHER:
        return (*DRIVER, "--")
    return command_line(request, request.param, request.getfixturevalue("public_python"))


@pytest.fixture
def sudo(tracer: tuple[str, ...]) -> str:
    """What to type before a command, to trace it by sudo."""
    return f"sudo {shlex.join(tracer)}"


@pytest.fixture
def as_user(user: str, place: Path, environ: dict[str, str]) -> AsUser:
    """What a piece of bash prints that this user runs."""

    def as_user(script: str) -> str:
        done = subprocess.run(
            # a last command, so that bash does not execute sudo in its own place
            [RUNUSER, "-u", user, "--", "bash", "-c", script + "\n:"],
            env=environ,
            cwd=place,
            capture_output=True,
            text=True,
            timeout=TIMEOUT_S,
        )
        assert done.stderr == ""
        return str(done.stdout)

    return as_user


PAIRS = [
    pytest.param(tracer, script, id=f"{tracer}-{name}")
    for tracer in (LAUNCHER, *ENGINE_NAMES)
    for name, script in [*SCRIPTS.items()][:: SHARES_ALL_BUT_THE_LOADER.get(tracer, 1)]
]


@pytest.mark.parametrize(("tracer", "script"), PAIRS, indirect=["tracer"])
def test_as_in_the_users_shell(script: str, as_user: AsUser, sudo: str) -> None:
    traced = as_user(script.replace("@ ", sudo + " "))
    assert traced == as_user(script.replace("@ ", ""))


@pytest.mark.skipif(not may_raise_limits(), reason="raising a limit needs CAP_SYS_RESOURCE")
@pytest.mark.parametrize("limit", ["-Sc 1000", "-c 1000", "-Sc 0"])
def test_core_limit(as_user: AsUser, sudo: str, limit: str) -> None:
    script = f"ulimit {limit}; @ bash -c 'ulimit -Sc; ulimit -Hc'"
    assert as_user(script.replace("@ ", sudo + " ")) == as_user(script.replace("@ ", ""))


@pytest.mark.parametrize(
    "script",
    [
        "umask 0027; ulimit -n 99; exec {} sh -c 'umask; ulimit -n; id'",
        "umask 0002; bash -c 'umask 0027; ulimit -n 99; exec {} sh -c \"umask; ulimit -n; id\"'",
    ],
)
def test_in_place_of_the_shell(as_user: AsUser, sudo: str, script: str) -> None:
    """sudo's parent is not the shell then; only the core limit can't be known."""
    assert as_user(script.format(sudo)) == as_user(script.format(""))


def test_assignments_on_the_command_line(as_user: AsUser, sudo: str) -> None:
    script = "A=0 B=0 sudo A=1 C='x y' env B=2 {} sh -c 'echo $A $B $C'"
    assert as_user(script.format(sudo.removeprefix("sudo "))) == "1 2 x y\n"


def test_sudo_by_sudo(as_user: AsUser, sudo: str) -> None:
    """The user is root then, and the environment what the first sudo left of it."""
    assert as_user(f"A=1 sudo B=2 {sudo} sh -c 'id -un; echo $A-$B'") == "root\n-2\n"


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        ("sudo {} id -un", USER),
        ("sudo timeout 50 {} id -un", USER),
        ("SUDO_UID=0 sudo {} id -un", USER),
        ("sudo bash -c '{} id -un; :'", "root"),
        ("sudo -s <<<'{} id -un; :'", "root"),
    ],
)
def test_who_it_runs_as(
    as_user: AsUser, tracer: tuple[str, ...], script: str, expected: str
) -> None:
    """The user who asked sudo for this very command; in a shell of root's, root."""
    assert as_user(script.format(shlex.join(tracer))) == f"{expected}\n"


def test_a_benchmark_is_of_the_users_command(as_user: AsUser, public_python: str) -> None:
    options = "--engine strace --runs 1 --warmup 0 --cold 'sh -c \"id -un >>who\"' -o kept"
    run = f"sudo {public_python} -m aklo_trace benchmark {options} -- sh -c 'id -un >>who'"
    shown = as_user(f"{run} >report 2>&1; echo $?; cat who; stat -c %U kept; ls kept | wc -l")
    assert shown.split() == ["0", *[USER] * 6, USER, "2"]


def test_the_variables_of_sudo_alone_mean_nothing(tracer: tuple[str, ...]) -> None:
    variables = {"SUDO_UID": "65534", "SUDO_GID": "65534", "SUDO_USER": "nobody"}
    done = subprocess.run(
        [*tracer, "id", "-un"], env=os.environ | variables, capture_output=True, text=True
    )
    assert done.stdout == "root\n"


class TestTerminal:
    """sudo may run us in a terminal of its own (use_pty)."""

    @pytest.fixture(params=["use_pty", "!use_pty"])
    def terminal(
        self, request: pytest.FixtureRequest, user: str, place: Path, environ: dict[str, str]
    ) -> Iterator[Terminal]:
        rules = RULES.read_text()
        RULES.write_text(f"{rules}Defaults:{user} {request.param}\n")
        argv = [RUNUSER, "-u", user, "--", "bash", "--norc", "--noediting", "-i"]
        with Terminal(argv, place, environ) as terminal:
            yield terminal
        RULES.write_text(rules)

    def test_environment_and_terminal(self, terminal: Terminal, sudo: str) -> None:
        terminal.run("export X=from-the-shell; umask 0007; ulimit -Sn 55")
        terminal.run(f"{sudo} sh -c 'id -un; echo $X; umask; ulimit -Sn' >traced")
        shown = terminal.run("cat traced").splitlines()
        assert shown == [USER, "from-the-shell", "0007", "55"]
        foreground = [f"fd {fd} tty 1 foreground 1" for fd in range(3)]
        assert terminal.run(f"{sudo} $W/inherited job").splitlines()[1:] == foreground

    def test_ctrl_z_and_ctrl_c(self, terminal: Terminal, sudo: str) -> None:
        script = 'trap "echo int" INT; echo ready; until read l; do :; done; echo got $l'
        terminal.type(f"{sudo} sh -c '{script}'\n")
        terminal.expect("ready\n")
        terminal.type(CTRL_C)
        terminal.expect("int\n")
        assert "Stopped" in terminal.stop_job()
        terminal.type("fg\n")
        terminal.expect("echo got .*\n")
        assert terminal.run("hello") == "got hello\n"
        assert terminal.run("echo $?") == "0\n"
