"""Doing actions: no shell, the user's environment, a bound on time, and no harm from names."""

from __future__ import annotations

import http.server
import json
import os
import select
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path

import pytest

from aklo_trace.alerting import performing
from aklo_trace.alerting.action import Action, Notice
from aklo_trace.alerting.performing import perform

ENVIRON = {"PATH": os.defpath, "MINE": "yes"}
EVIL = "$(touch made) `touch made`; touch made {trace} \\x1b[2J"
ON = ("raised",)


def notice(*actions: str, state: str = "raised", message: str = EVIL) -> Notice:
    return Notice(
        name="slow",
        severity="critical",
        state=state,
        message=message,
        trace="/t/-rf",
        line='{"name": "slow"}',
        at_ns=1_700_000_000_000_000_000,
        actions=actions,
    )


def command(*words: str, timeout_s: float = 20) -> dict[str, Action]:
    return {"a": Action("a", words, "", None, timeout_s, ON)}


def script(text: str, *arguments: str) -> dict[str, Action]:
    return command(sys.executable, "-c", text, *arguments)


def test_a_program_gets_what_there_is_to_know(tmp_path: Path) -> None:
    out = tmp_path / "out"
    text = (
        "import json, os, sys; json.dump([sys.argv[2:], sys.stdin.read(), os.getcwd(), "
        "os.environ['MINE'], {k: v for k, v in os.environ.items() if k[:10] == 'AKLO_ALERT'}], "
        "open(sys.argv[1], 'w'))"
    )
    words = ("{message}", "a {name}/{severity}/{state} {other} {trace", "{trace}")
    assert perform(script(text, str(out), *words), [notice("a")], ENVIRON) == []
    argv, stdin, cwd, mine, variables = json.loads(out.read_text())
    assert argv == [f"slow: {EVIL}", "a slow/critical/raised {other} {trace", "/t/-rf"]
    assert (json.loads(stdin), cwd, mine) == ({"name": "slow"}, "/", "yes")
    assert variables == {
        "AKLO_ALERT_NAME": "slow",
        "AKLO_ALERT_SEVERITY": "critical",
        "AKLO_ALERT_STATE": "raised",
        "AKLO_ALERT_MESSAGE": f"slow: {EVIL}",
        "AKLO_ALERT_TRACE": "/t/-rf",
    }


def test_nothing_goes_through_a_shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    known = command("echo", "{message}", "; touch made", "$(touch made)")
    assert perform(known, [notice("a")], ENVIRON) == []
    assert list(tmp_path.iterdir()) == []


def test_a_program_is_not_looked_for_where_we_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """PATH can have directories that are relative, or empty."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "here").write_text(f"#!/bin/sh\ntouch {tmp_path}/made\n")
    (tmp_path / "here").chmod(0o755)
    for path in (":", ".", "", "./:x"):
        (failed,) = perform(command("here"), [notice("a")], {"PATH": path})
        assert "there is no program 'here'" in failed
    assert not (tmp_path / "made").exists()
    path = f".:{tmp_path}:{os.defpath}"
    assert perform(command("here"), [notice("a")], {"PATH": path}) == []
    assert (tmp_path / "made").exists()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("/no/such/program",), "there is no program '/no/such/program'"),
        (("false",), "its exit status is 1"),
        (("sh", "-c", "kill -9 $$"), "signal 9 killed it"),
        (("/etc/passwd",), "there is no program"),
    ],
)
def test_a_failure_is_said(words: tuple[str, ...], said: str) -> None:
    (failed,) = perform(command(*words), [notice("a")], ENVIRON)
    assert failed.startswith("The action a of the alert slow failed: ")
    assert said in failed


def test_a_program_that_does_not_end_is_killed_with_what_it_started(tmp_path: Path) -> None:
    pids = tmp_path / "pids"
    text = f"sleep 600 & echo $$ $! >{pids}; wait"
    (failed,) = perform(command("sh", "-c", text, timeout_s=1.5), [notice("a")], ENVIRON)
    assert "it took longer than 1.5s" in failed
    for pid in map(int, pids.read_text().split()):
        with suppress(ProcessLookupError):
            ended = select.poll()
            ended.register(fd := os.pidfd_open(pid), select.POLLIN)
            assert ended.poll(20_000)
            os.close(fd)


def test_a_program_that_writes_without_end_harms_nobody() -> None:
    known = command("sh", "-c", "yes | head -c 50000000; exit 3")
    (failed,) = perform(known, [notice("a")], ENVIRON)
    assert "exit status is 3" in failed


def test_a_program_need_not_read_what_it_is_given() -> None:
    told = replace(notice("a"), line="x" * 500_000)
    assert perform(command("true"), [told] * 3, ENVIRON) == []


def test_a_message_is_never_too_long_for_an_argument() -> None:
    told = notice("a", message="x" * 500_000)
    assert perform(command("true", "{message}{message}"), [told], ENVIRON) == []


def test_all_actions_together_have_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(performing, "TOGETHER_S", 1.0)
    failed = perform(command("sleep", "30"), [notice("a"), notice("a")], ENVIRON)
    assert "it took longer than 1s" in failed[0]
    assert "the actions before it took 1s" in failed[1]


def test_only_what_is_named_is_done_and_only_in_its_states(tmp_path: Path) -> None:
    known = command("touch", str(tmp_path / "made"))
    for told in (notice("b"), notice(), notice("a", state="cleared")):
        assert perform(known, [told], ENVIRON) == []
    assert not (tmp_path / "made").exists()


class TestFile:
    def known(self, path: Path) -> dict[str, Action]:
        return {"a": Action("a", (), "", path, 5, ("raised", "cleared"))}

    def test_a_line_is_added(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("TZ", "UTC")
        path = tmp_path / "alerts.log"
        path.write_text("before\n")
        told = notice("a", message="read on '/a' took 1.23s (threshold: 1.00s)")
        assert perform(self.known(path), [told], ENVIRON) == []
        told = notice("a", state="cleared", message="é")
        assert perform(self.known(path), [told], ENVIRON) == []
        first, second, third = path.read_text().splitlines()
        assert first == "before"
        assert second.endswith("] SLOW: read on '/a' took 1.23s (threshold: 1.00s)")
        assert third.endswith("] SLOW cleared: é")

    def test_a_new_one_is_for_its_owner(self, tmp_path: Path) -> None:
        path = tmp_path / "alerts.log"
        assert perform(self.known(path), [notice("a")], ENVIRON) == []
        assert path.stat().st_mode & 0o777 == 0o600

    @pytest.mark.parametrize("kind", ["fifo", "read fifo", "directory", "device", "nowhere"])
    def test_what_is_no_file_is_neither_written_nor_waited_for(
        self, kind: str, tmp_path: Path
    ) -> None:
        path = tmp_path / "alerts.log"
        make = {
            "fifo": lambda: os.mkfifo(path),
            "read fifo": lambda: os.mkfifo(path),
            "directory": path.mkdir,
            "device": lambda: path.symlink_to("/dev/full"),
            "nowhere": lambda: path.symlink_to(tmp_path / "no" / "where"),
        }
        make[kind]()
        reader = os.open(path, os.O_RDONLY | os.O_NONBLOCK) if kind == "read fifo" else None
        (failed,) = perform(self.known(path), [notice("a")], ENVIRON)
        assert str(path) in failed
        if reader is not None:
            assert os.read(reader, 100) == b""
            os.close(reader)


class Server(http.server.ThreadingHTTPServer):
    """Answers with what the path says, on loopback."""

    got: list[tuple[str, str, bytes]]


class Handler(http.server.BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        server = self.server
        assert isinstance(server, Server)
        body = self.rfile.read(int(self.headers["Content-Length"]))
        server.got.append((self.path, self.headers["Content-Type"], body))
        if self.path == "/hang":
            server.released.wait(20)  # type: ignore[attr-defined]
        status = int(self.path[1:]) if self.path[1:].isdecimal() else 200
        self.send_response(status, "\x1b[31mred")
        if status == 302:
            self.send_header("Location", "/200")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def server() -> Iterator[Server]:
    found = Server(("127.0.0.1", 0), Handler)
    found.got = []
    found.released = threading.Event()  # type: ignore[attr-defined]
    thread = threading.Thread(target=found.serve_forever, args=(0.01,))
    thread.start()
    yield found
    found.released.set()  # type: ignore[attr-defined]
    found.shutdown()
    thread.join()
    found.server_close()


class TestUrl:
    def posted(self, server: Server, path: str, timeout_s: float = 20) -> list[str]:
        url = f"http://127.0.0.1:{server.server_port}{path}"
        known = {"a": Action("a", (), url, None, timeout_s, ON)}
        return perform(known, [notice("a")], ENVIRON)

    def test_the_alert_is_posted(self, server: Server) -> None:
        assert self.posted(server, "/x?y") == []
        assert server.got == [("/x?y", "application/json", b'{"name": "slow"}')]

    def test_a_status_of_success_is_none_of_failure(self, server: Server) -> None:
        assert self.posted(server, "/204") == []

    @pytest.mark.parametrize("status", [302, 404, 500])
    def test_another_status_is_said_and_not_followed(self, status: int, server: Server) -> None:
        (failed,) = self.posted(server, f"/{status}")
        assert failed.endswith(f"failed: the server answers {status}.")
        assert failed.isprintable()
        assert len(server.got) == 1

    def test_a_server_that_does_not_answer_is_not_waited_for(self, server: Server) -> None:
        (failed,) = self.posted(server, "/hang", timeout_s=1.0)
        assert "failed: " in failed
        assert "took longer" in failed or "timed out" in failed

    def test_nobody_there(self) -> None:
        known = {"a": Action("a", (), "http://127.0.0.1:1/", None, 20, ON)}
        (failed,) = perform(known, [notice("a")], ENVIRON)
        assert "Connection refused" in failed

    def test_the_address_is_not_to_be_seen_by_others(self, server: Server) -> None:
        """It can hold a secret: it is not in the arguments of the process."""
        known = {"a": Action("a", (), f"http://127.0.0.1:{server.server_port}/hang", None, 3, ON)}
        worker = threading.Thread(target=perform, args=(known, [notice("a")], ENVIRON))
        worker.start()
        while not server.got and worker.is_alive():
            worker.join(0.01)
        assert server.got
        port = str(server.server_port).encode()
        started = descendants(os.getpid())
        assert [pid for pid in started if b"post.py" in cmdline(pid)]
        assert not [pid for pid in started if port in cmdline(pid)]
        server.released.set()  # type: ignore[attr-defined]
        worker.join()


def descendants(of: int) -> list[str]:
    parents = {p.name: text_of(p / "stat").rpartition(")")[2].split()[1:2] for p in processes()}
    found = [pid for pid, parent in parents.items() if parent == [str(of)]]
    return found + [below for pid in found for below in descendants(int(pid))]


def processes() -> Iterator[Path]:
    return Path("/proc").glob("[0-9]*")


def text_of(path: Path) -> str:
    try:
        return path.read_text("utf-8", "replace")
    except OSError:
        return ""


def cmdline(pid: str) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


LEAVES = """
setsid sh -c 'setsid sh -c "echo \\$\\$ >{folder}/grandchild; exec sleep 600" &' &
until [ -s {folder}/grandchild ]; do sleep 0.01; done
"""
"""A grandchild in a session of its own, whose parents have ended."""


def leaves(folder: Path) -> str:
    return LEAVES.format(folder=folder)


@contextmanager
def ends(pid: int) -> Iterator[None]:
    pidfd = os.pidfd_open(pid)
    yield
    ended = select.poll()
    ended.register(pidfd, select.POLLIN)
    assert ended.poll(30_000), "it lives on"
    os.close(pidfd)


@contextmanager
def performer(text: str) -> Iterator[int]:
    """A process that waits for a program without end."""
    pid = os.fork()
    if not pid:
        perform(command("sh", "-c", text, timeout_s=60), [notice("a")], ENVIRON)
        os._exit(0)
    yield pid
    os.waitpid(pid, 0)


def test_a_program_does_not_outlive_who_is_killed_while_it_waits_for_it(tmp_path: Path) -> None:
    os.mkfifo(told := tmp_path / "pid")
    with (
        performer(f"echo $$ > {told}; exec sleep 60") as pid,
        ends(int(told.read_text())),
    ):
        os.kill(pid, signal.SIGKILL)


def test_what_a_program_started_does_not_outlive_it_either(tmp_path: Path) -> None:
    os.mkfifo(told := tmp_path / "told")
    with performer(f"{leaves(tmp_path)} echo >{told}; sleep 600") as pid:
        told.read_text()
        with ends(int((tmp_path / "grandchild").read_text())):
            os.kill(pid, signal.SIGKILL)


def test_nor_does_it_outlive_its_time(tmp_path: Path) -> None:
    text = f"{leaves(tmp_path)} sleep 600"
    (failed,) = perform(command("sh", "-c", text, timeout_s=3), [notice("a")], ENVIRON)
    assert "it took longer than 3s" in failed
    with suppress(ProcessLookupError):
        os.kill(int((tmp_path / "grandchild").read_text()), 0)
        pytest.fail("it lives on")


def test_what_a_program_that_ended_left_goes_on(tmp_path: Path) -> None:
    assert perform(command("sh", "-c", leaves(tmp_path)), [notice("a")], ENVIRON) == []
    with ends(pid := int((tmp_path / "grandchild").read_text())):
        os.kill(pid, signal.SIGKILL)


def test_a_program_that_kills_its_parent_is_blamed_for_it() -> None:
    (failed,) = perform(
        command("sh", "-c", "kill -9 $PPID; exec sleep 600"), [notice("a")], ENVIRON
    )
    assert failed.endswith("what waited for it was killed, perhaps by itself; so it was, too.")


def test_a_program_has_the_users_environment_and_no_more(tmp_path: Path) -> None:
    out = tmp_path / "out"
    known = command("sh", "-c", f"tr '\\0' '\\n' </proc/self/environ >{out}")
    assert perform(known, [notice("a")], {"PATH": os.defpath, "ODD-NAME": "1=2"}) == []
    names = {line.partition("=")[0] for line in out.read_text().splitlines()}
    assert {name for name in names if not name.startswith("AKLO_ALERT_")} == {"PATH", "ODD-NAME"}
