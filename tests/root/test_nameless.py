"""Files without a path, or opened by somebody else: their names, and who is at their ends."""

from __future__ import annotations

import os
import pty
import socket
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from aklo_trace.schema import FileFlag, SyscallFlag
from aklo_trace.store import LIVE

from .recording import Call, Recorder, Recording, Row, await_that, gone_on_unrecorded

PYTHON = (sys.executable, "-I", "-S", "-c")


@pytest.fixture
def passed(record: Recorder, tmp_path: Path) -> Iterator[dict[str, Row]]:
    """What dup2(2) found behind the descriptors that were passed in, by what they are."""
    (tmp_path / "kept").write_bytes(b"kept")
    kept = os.open(tmp_path / "kept", os.O_RDONLY)
    gone = os.open(tmp_path / "gone", os.O_RDWR | os.O_CREAT)
    (tmp_path / "gone").unlink()
    reading, writing = os.pipe()
    controller, terminal = pty.openpty()
    event = os.eventfd(0)
    server = socket.create_server(("127.0.0.1", 0))
    client = socket.create_connection(server.getsockname())
    fds = {
        "kept": kept,
        "gone": gone,
        "pipe": reading,
        "terminal": terminal,
        "event": event,
        "socket": client.fileno(),
    }
    program = f"import os; [os.dup2(fd, 200) for fd in {[*fds.values()]}]"
    recording = record(*PYTHON, program, pass_fds=fds.values())
    found: dict[str, Row] = {
        name: call.file | {"client": client.getsockname(), "server": server.getsockname()}
        for name, fd in fds.items()
        for call in recording.calls_of("dup2", "dup3")
        if call.fd == fd
    }
    yield found
    server.close()
    client.close()
    for fd in (kept, gone, reading, writing, controller, terminal, event):
        os.close(fd)


def test_what_is_passed_in_has_the_name_that_its_opener_used(
    passed: dict[str, Row], tmp_path: Path
) -> None:
    assert [passed[name]["path"] for name in ("kept", "gone")] == [
        f"{tmp_path}/kept",
        f"{tmp_path}/gone",
    ]
    assert passed["kept"]["flags"] == FileFlag.INHERITED
    assert passed["gone"]["flags"] == FileFlag.INHERITED | FileFlag.DELETED
    assert {name: row["kind"] for name, row in passed.items()} == {
        "kept": "regular",
        "gone": "regular",
        "pipe": "pipe",
        "terminal": "terminal",
        "event": "anonymous",
        "socket": "socket",
    }


def test_a_socket_that_is_passed_in_has_its_addresses(passed: dict[str, Row]) -> None:
    row = passed["socket"]
    assert (row["local"], row["peer"]) == (
        "{}:{}".format(*row["client"]),
        "{}:{}".format(*row["server"]),
    )


def made_by(recording: Recording, call: str) -> list[Call]:
    return [found for found in recording.calls_of(call) if found.file]


def test_a_pipe_has_the_processes_at_its_ends(record: Recorder) -> None:
    recording = record("bash", "-c", "/bin/echo 1 | /bin/cat > /dev/null")
    (pipe,) = (row for row in recording.files if row["readers"] and row["writers"])
    programs = {image["proc_id"]: Path(image["exe"]).name for image in recording.images}
    assert [programs[proc_id] for proc_id in pipe["writers"]] == ["echo"]
    assert [programs[proc_id] for proc_id in pipe["readers"]] == ["cat"]
    assert pipe["kind"] == "pipe"


def test_a_pipe_stays_one_file_by_whatever_name_it_is_opened(record: Recorder) -> None:
    recording = record("bash", "-c", "/bin/cat < <(/bin/echo 1)")
    (pipe,) = (row for row in recording.files if row["readers"] and row["writers"])
    assert (pipe["kind"], pipe["path"]) == ("pipe", None)


SOCKETS = """
import os, socket
server = socket.create_server(('127.0.0.1', 0))
client = socket.create_connection(server.getsockname())
accepted, _ = server.accept()
accepted.send(b'x')
six = socket.socket(socket.AF_INET6); six.bind(('::1', 0))
unix = socket.socket(socket.AF_UNIX); unix.bind('{folder}/bound'); unix.listen()
other = socket.socket(socket.AF_UNIX); other.connect('{folder}/bound'); other.send(b'x')
absent = socket.socket(socket.AF_UNIX)
absent.connect_ex('{folder}/absent')
abstract = socket.socket(socket.AF_UNIX); abstract.bind(b'\\0hidden')
datagram = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
datagram.sendto(b'x', server.getsockname())
print(*(str(s.getsockname()[1]) for s in (server, client, six)))
"""


def test_sockets_have_their_addresses(record: Recorder, tmp_path: Path) -> None:
    recording = record(*PYTHON, SOCKETS.format(folder=tmp_path))
    server, client, six = recording.stdout.split()
    ends = {(row["local"], row["peer"]) for row in recording.files if row["kind"] == "socket"}
    assert {
        (f"127.0.0.1:{server}", None),
        (f"127.0.0.1:{client}", f"127.0.0.1:{server}"),
        (f"127.0.0.1:{server}", f"127.0.0.1:{client}"),
        (f"[::1]:{six}", None),
        (f"{tmp_path}/bound", None),
        (None, f"{tmp_path}/bound"),
        (None, f"{tmp_path}/absent"),
        ("@hidden", None),
    } <= ends
    (told,) = recording.calls_of("sendto")[-1:]
    assert told.file["peer"] == f"127.0.0.1:{server}"
    (accepted,) = recording.calls_of("accept4", "accept")
    assert accepted.file2["peer"] == f"127.0.0.1:{client}"


NAMELESS = """
import os, select
poll = select.epoll()
fds = [os.eventfd(0), os.eventfd(0), poll.fileno(), os.memfd_create('mine')]
for fd in fds: os.dup2(fd, 200)
"""


def test_what_shares_an_inode_is_told_apart(record: Recorder) -> None:
    recording = record(*PYTHON, NAMELESS)
    one, two, poll, memory = (c.file for c in recording.calls_of("dup2", "dup3")[-4:])
    assert one["file_id"] != two["file_id"]
    assert [row["name"] for row in (one, two, poll, memory)] == [
        "[eventfd]",
        "[eventfd]",
        "[eventpoll]",
        "memfd:mine",
    ]
    assert {row["kind"] for row in (one, two, poll, memory)} == {"anonymous"}


CHROOT = """
import os
os.mkdir('jail'); os.mkdir('jail/sub'); os.chroot('jail')
os.access('/absolute', 0); os.access('/../above', 0)
os.chdir('/sub'); os.access('relative', 0)
"""


def test_paths_below_another_root_are_those_outside(record: Recorder, tmp_path: Path) -> None:
    work = tmp_path / "work"
    work.mkdir()
    recording = record(*PYTHON, CHROOT, cwd=work)
    asked = [call.path for call in recording.calls_of("access", "faccessat", "faccessat2")[-3:]]
    jail = f"{work}/jail"
    assert asked == [f"{jail}/absolute", f"{jail}/above", f"{jail}/sub/relative"]


def test_processes_that_share_a_directory_move_together(
    record: Recorder, workloads: Path, tmp_path: Path
) -> None:
    """clone(2) with CLONE_FS: the child goes elsewhere, and the parent is there too."""
    (tmp_path / "sub").mkdir()
    recording = record(workloads / "shares_cwd", tmp_path)
    assert recording.status == 0
    (call,) = (c for c in recording.calls_of("access", "faccessat") if "after" in (c.path or ""))
    assert call.path == f"{tmp_path}/sub/after"
    assert not call.flags & SyscallFlag.PATH_RELATIVE


def test_a_lost_move_makes_no_path_wrong(record: Recorder, workloads: Path, tmp_path: Path) -> None:
    moved(record, workloads, tmp_path)


def moved(record: Recorder, workloads: Path, folder: Path) -> Recording:
    """A process that goes to and fro, with names that say where it is; most of it is lost: the
    recorder is stopped from before it begins until it is half way."""
    for name in ("0", "1"):
        (folder / name).mkdir()
    os.mkfifo(folder / "go")
    command = f"read -r _ < {folder}/go; exec {workloads}/moves {folder} 40000"
    process = record.start("sh", "-c", command, options=("--ring-size", "4K"))
    events = record.folder / "trace" / LIVE / "events.bin"
    with gone_on_unrecorded(events, folder / "go"):
        await_that((folder / "half").exists, "half of the moves")
        written_bytes = events.stat().st_size
    await_that(lambda: events.stat().st_size > written_bytes, "the recorder to write again")
    (folder / "on").touch()
    recording = record.ended(process)
    assert recording.status == 0
    assert recording.meta.lost_by_syscall["chdir"] > 0
    asked = {call.path for call in recording.calls_of("access", "faccessat") if call.path}
    right = {f"{folder}/0/in-0", f"{folder}/1/in-1"}
    assert right <= asked
    assert {path for path in asked if "in-" in path} <= right | {"in-0", "in-1"}
    return recording
