"""Addresses of sockets, as the kernel has them and as /proc/net and strace write them."""

from __future__ import annotations

import os
import socket
import struct
from pathlib import Path

import pytest

from aklo_trace.open_files import open_files, read_open_files, write_open_files
from aklo_trace.sockets import address_text, parted

INET = struct.pack("=H", socket.AF_INET) + struct.pack("!H4s8x", 80, bytes([127, 0, 0, 1]))
INET6 = struct.pack("=H", socket.AF_INET6) + struct.pack("!HI16s", 80, 0, bytes(15) + b"\1")
UNIX = struct.pack("=H", socket.AF_UNIX)


@pytest.mark.parametrize(
    ("address", "text"),
    [
        (INET, "127.0.0.1:80"),
        (INET6, "[::1]:80"),
        (UNIX + b"/run/a.sock\0", "/run/a.sock"),
        (UNIX + b"\0hidden", "@hidden"),
        (UNIX, None),
        (struct.pack("=HHI", 16, 0, 4711), "netlink:4711"),
        (INET[:6], None),
        (struct.pack("=H", 99) + bytes(14), None),
        (b"", None),
    ],
)
def test_an_address_is_text_or_nothing(address: bytes, text: str | None) -> None:
    assert address_text(address) == text


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        (b"TCP:[127.0.0.1:1->127.0.0.1:2]", (None, b"127.0.0.1:1", b"127.0.0.1:2")),
        (b"TCP:[0.0.0.0:80]", (None, b"0.0.0.0:80", None)),
        (b"[eventpoll]", (b"[eventpoll]", None, None)),
    ],
)
def test_what_strace_writes_is_a_name_or_two_addresses(
    text: bytes, parts: tuple[bytes | None, ...]
) -> None:
    assert parted(text) == parts


def test_open_files_survive_being_written(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, (tmp_path / "open").open("w") as file:
        found = open_files(os.getpid())
        write_open_files(tmp_path / "files", found)
        by_fd = {one.fd: one for one in read_open_files(tmp_path / "files")}
        assert by_fd[server.fileno()].local == "127.0.0.1:{}".format(*server.getsockname()[1:])
        assert by_fd[file.fileno()].name == str(tmp_path / "open")
        assert read_open_files(tmp_path / "files") == found
    assert [one.name for one in found if one.as_what == "cwd"] == [str(Path.cwd())]


def test_what_an_exec_closes_can_be_left_out(tmp_path: Path) -> None:
    with (tmp_path / "open").open("w") as file:
        assert file.fileno() not in {one.fd for one in open_files(os.getpid(), kept_by_exec=True)}
