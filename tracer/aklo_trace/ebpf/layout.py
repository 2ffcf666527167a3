"""The structs of bpf/aklo_trace.h, field by field, for both sides of Python.

A field is (name, type) with types as numpy spells them: ``u8`` is eight unsigned bytes. The
structs have no padding, so the fields follow one another; a test compiles the header and
compares every offset.
"""

from __future__ import annotations

import hashlib
import struct
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate
from pathlib import Path
from typing import Final

from aklo_trace.engine import MOST_JOINED

_CODES: Final = {
    "u1": "B", "i1": "b", "u2": "H", "i2": "h", "u4": "I", "i4": "i", "u8": "Q", "i8": "q",
}  # fmt: skip


@dataclass(frozen=True)
class Struct:
    """One struct: `name` in C, and its fields."""

    name: str
    fields: tuple[tuple[str, str], ...]

    @cached_property
    def format(self) -> str:
        return "=" + "".join(_CODES[kind] for _, kind in self.fields)

    @cached_property
    def size(self) -> int:
        return struct.calcsize(self.format)

    def offset(self, name: str) -> int:
        return self._offsets[name]

    @cached_property
    def _offsets(self) -> dict[str, int]:
        sizes = (struct.calcsize("=" + _CODES[kind]) for _, kind in self.fields)
        return dict(
            zip((name for name, _ in self.fields), accumulate(sizes, initial=0), strict=False)
        )

    def pack(self, **values: int) -> bytes:
        return struct.pack(self.format, *(values.get(name, 0) for name, _ in self.fields))


SYSCALL_SLOTS: Final = 1024
COMPAT_SLOT: Final = 512
UNKNOWN_SLOT: Final = 511
PATH_BYTES: Final = 4096
COMM_BYTES: Final = 16
PROGRAMS: Final = 16
NO_ARGUMENT: Final = -1
JOIN_PIDS: Final = MOST_JOINED
UNKNOWN_COUNT: Final = (1 << 63) - 1
UNKNOWN_EXIT_CODE: Final = (1 << 32) - 1
BCC_SCRATCH_BYTES: Final = 28688
IMAGE_BYTES: Final = 8272
TID_STATE_BYTES: Final = 320
PROCESS_BYTES: Final = 24
PATTERNS: Final = 64
PATTERN_BYTES: Final = 64
ROOTS: Final = 512
MOST_TREES: Final = ROOTS - 1
ROOT_PROCESS_BITS: Final = 23
ANY_USER: Final = 0xFFFFFFFF
ROOT_SHIFT: Final = 16
KIND_MASK: Final = (1 << ROOT_SHIFT) - 1
SHELLS: Final = 1024
STRANGER_BYTES: Final = 256
STACK_FRAMES: Final = 32
RECORD_SLOTS: Final = 16

EVENT_UNFINISHED: Final = 1 << 5
EVENT_HAS_FD: Final = 1 << 12
EVENT_HAS_IDENTITY: Final = 1 << 13
EVENT_HAS_OFFSET: Final = 1 << 14
EVENT_LINE_RELATIVE: Final = 1 << 15

RECORD_PATH: Final = 1
RECORD_FORK: Final = 2
RECORD_EXEC: Final = 3
RECORD_ARGV: Final = 4
RECORD_EXIT: Final = 5
RECORD_STACK: Final = 6
RECORD_SAMPLE: Final = 7
RECORD_FILE: Final = 8
RECORD_FUNCTION: Final = 9
RECORD_OFFCPU: Final = 10
RECORD_LOST_MOVE: Final = 11

BASE_NONE: Final = 0
BASE_DIRECTORY: Final = 1
BASE_ROOT: Final = 2
BASE_CWD: Final = 3

FILE_NEW: Final = 1 << 0
FILE_SOCKET: Final = 1 << 1
FILE_TERMINAL: Final = 1 << 2

SPEC_RECORD: Final = 1 << 0
SPEC_ALWAYS: Final = 1 << 1
SPEC_RETURNS_FD: Final = 1 << 2
SPEC_FILE_POSITION: Final = 1 << 3
SPEC_EXEC: Final = 1 << 4
SPEC_MAKES_FILE: Final = 1 << 5
SPEC_CHANGES_CWD: Final = 1 << 6
SPEC_CHANGES_ROOT: Final = 1 << 7
SPEC_ADDRESSES: Final = 1 << 8
SPEC_BINDS: Final = 1 << 9
SPEC_EXIT: Final = 1 << 10
SPEC_EXIT_GROUP: Final = 1 << 11

RING_HEADER_BYTES: Final = 8
RING_BUSY: Final = 1 << 31

EVENT: Final = Struct(
    "event",
    (
        ("start_ns", "u8"),
        ("dur_ns", "u8"),
        ("ret", "i8"),
        ("record_id", "u8"),
        ("inode", "u8"),
        ("offset", "i8"),
        ("dev", "u4"),
        ("proc_id", "u4"),
        ("tid", "u4"),
        ("fd", "i4"),
        ("nr", "u2"),
        ("flags", "u2"),
        ("mode", "u2"),
        ("instance", "u2"),
        ("stack", "u4"),
        ("line", "u4"),
    ),
)
RING_POSITION: Final = Struct(
    "ring_position",
    (
        ("head", "u8"),
        ("slot", "u8"),
        *((f"zero{index}", "u8") for index in range(6)),
        ("tail", "u8"),
        *((f"zero2{index}", "u8") for index in range(7)),
    ),
)

PATH_RECORD: Final = Struct(
    "path_record",
    (
        ("kind", "u4"),
        ("bytes0", "u4"),
        ("bytes1", "u4"),
        ("base0", "u4"),
        ("base1", "u4"),
        ("zero", "u4"),
        ("record_id", "u8"),
        ("inode0", "u8"),
        ("dev0", "u4"),
        ("mode0", "u2"),
        ("instance0", "u2"),
        ("inode1", "u8"),
        ("dev1", "u4"),
        ("mode1", "u2"),
        ("instance1", "u2"),
    ),
)

FORK_RECORD: Final = Struct(
    "fork_record",
    (
        ("kind", "u4"),
        ("proc_id", "u4"),
        ("parent_proc_id", "u4"),
        ("pid", "u4"),
        ("ppid", "u4"),
        ("site_flags", "u4"),
        ("ts_ns", "u8"),
        ("stack", "u4"),
        ("line", "u4"),
    ),
)

EXEC_RECORD: Final = Struct(
    "exec_record",
    (
        ("kind", "u4"),
        ("proc_id", "u4"),
        ("pid", "u4"),
        ("bytes0", "u4"),
        ("bytes1", "u4"),
        ("argv_bytes", "u4"),
        ("ts_ns", "u8"),
        ("inode", "u8"),
        ("dev", "u4"),
        ("mode", "u2"),
        ("instance", "u2"),
        ("directory_inode", "u8"),
        ("directory_dev", "u4"),
        ("directory_mode", "u2"),
        ("directory_instance", "u2"),
        ("stack", "u4"),
        ("line", "u4"),
        ("site_flags", "u4"),
        ("zero", "u4"),
    ),
)

ARGV_RECORD: Final = Struct(
    "argv_record", (("kind", "u4"), ("proc_id", "u4"), ("offset", "u4"), ("bytes", "u4"))
)

EXIT_RECORD: Final = Struct(
    "exit_record",
    (
        ("kind", "u4"),
        ("proc_id", "u4"),
        ("tid", "u4"),
        ("last", "u4"),
        ("ts_ns", "u8"),
        ("cpu_ns", "u8"),
        ("system_ns", "u8"),
        ("max_rss_pages", "u8"),
        ("run_delay_ns", "u8"),
        ("stopped_ns", "u8"),
        ("exit_code", "u4"),
        ("zero", "u4"),
    ),
)

STACK_TRUNCATED: Final = 1 << 0
STACK_NAME_TRUNCATED: Final = 1 << 1
STACK_RECORD: Final = Struct(
    "stack_record",
    (("kind", "u4"), ("stack", "u4"), ("bytes", "u4"), ("frames", "u2"), ("flags", "u2")),
)

SAMPLE_IN_CALL: Final = 1 << 0
SAMPLE_RECORD: Final = Struct(
    "sample_record",
    (
        ("kind", "u4"),
        ("proc_id", "u4"),
        ("tid", "u4"),
        ("stack", "u4"),
        ("line", "u4"),
        ("site_flags", "u4"),
        ("flags", "u4"),
        ("zero", "u4"),
        ("ts_ns", "u8"),
    ),
)
FILE_TEXT_BYTES: Final = 128
FILE_RECORD: Final = Struct(
    "file_record",
    (
        ("kind", "u4"),
        ("flags", "u4"),
        ("ts_ns", "u8"),
        ("inode", "u8"),
        ("dev", "u4"),
        ("mode", "u2"),
        ("instance", "u2"),
        ("bytes0", "u4"),
        ("bytes1", "u4"),
    ),
)
"""Two texts follow, each in FILE_TEXT_BYTES."""

FUNCTION_ENDS: Final = 1 << 0
FUNCTION_HAS_STATUS: Final = 1 << 1
FUNCTION_LINE_RELATIVE: Final = 1 << 2
FUNCTION_RECORD: Final = Struct(
    "function_record",
    (
        ("kind", "u4"),
        ("proc_id", "u4"),
        ("tid", "u4"),
        ("depth", "u4"),
        ("ts_ns", "u8"),
        ("stack", "u4"),
        ("flags", "u2"),
        ("status", "u2"),
    ),
)

OFFCPU_RECORD: Final = Struct(
    "offcpu_record",
    (
        ("kind", "u4"),
        ("proc_id", "u4"),
        ("tid", "u4"),
        ("flags", "u4"),
        ("ts_ns", "u8"),
        ("ready_ns", "u8"),
        ("end_ns", "u8"),
        ("waker_proc_id", "u4"),
        ("waker_tid", "u4"),
    ),
)

SHELL_LAYOUT: Final = Struct(
    "shell_layout",
    (
        ("inode", "u8"),
        ("dev", "u4"),
        ("is_bash", "u1"),
        ("count_offset", "u1"),
        ("head_is_last", "u1"),
        ("zero", "u1"),
        ("code", "u8"),
        ("line_number", "u8"),
        ("running_trap", "u8"),
        ("eval_depth", "u8"),
        ("environment", "u8"),
        ("variables", "u8"),
        ("function_depth", "u8"),
        ("source_depth", "u8"),
        ("substitution_depth", "u8"),
        ("return_status", "u8"),
        ("last_status", "u8"),
        ("set_builtin", "u8"),
        ("set_builtin_end", "u8"),
        ("source_builtin", "u8"),
        ("source_builtin_end", "u8"),
    ),
)

PATTERN_WATCHED: Final = 1
PATTERN_SHELL: Final = 2
LOST_MOVE_RECORD: Final = Struct(
    "lost_move_record", (("kind", "u4"), ("proc_id", "u4"), ("ts_ns", "u8"))
)

PATTERN: Final = Struct(
    "pattern", (("kind", "u4"), *((f"text{index}", "u1") for index in range(PATTERN_BYTES)))
)

ROOT: Final = Struct(
    "root",
    (
        ("serial", "u4"),
        ("live", "u4"),
        ("processes", "u4"),
        ("zero", "u4"),
        ("attempts", "u8"),
    ),
)

TREE_LOSSES: Final = Struct(
    "tree_losses",
    (("details", "u8"), *((f"calls{slot}", "u4") for slot in range(SYSCALL_SLOTS))),
)

BEGINNING: Final = Struct(
    "beginning",
    (
        ("serial", "u4"),
        ("slot", "u4"),
        ("pid", "u4"),
        ("ppid", "u4"),
        ("uid", "u4"),
        ("bytes", "u4"),
        ("ts_ns", "u8"),
        ("inode", "u8"),
        ("dev", "u4"),
        ("mode", "u2"),
        ("instance", "u2"),
    ),
)

JOINED: Final = Struct(
    "joined",
    (
        ("proc_id", "u4"),
        ("parent_proc_id", "u4"),
        ("pid", "u4"),
        ("ppid", "u4"),
        ("pid_for_reader", "u4"),
        ("tid", "u4"),
        ("ts_ns", "u8"),
        ("inode", "u8"),
        ("dev", "u4"),
        ("mode", "u2"),
        ("instance", "u2"),
        ("bytes0", "u4"),
        ("bytes1", "u4"),
        ("has_cwd", "u4"),
        ("zero", "u4"),
    ),
)

STRANGER: Final = Struct(
    "stranger",
    (
        ("inode", "u8"),
        ("dev", "u4"),
        ("pid", "u4"),
        *((f"path{index}", "u1") for index in range(STRANGER_BYTES)),
    ),
)

SYSCALL_SPEC: Final = Struct(
    "syscall_spec",
    (
        ("flags", "u2"),
        ("fd", "i1"),
        ("fd2", "i1"),
        ("path0", "i1"),
        ("path1", "i1"),
        ("dirfd0", "i1"),
        ("dirfd1", "i1"),
        ("offset", "i1"),
        ("pair", "i1"),
        ("address", "i1"),
        ("zero", "i1"),
    ),
)

COUNTERS: Final = Struct(
    "counters",
    (
        *((f"attempts{slot}", "u8") for slot in range(SYSCALL_SLOTS)),
        *((f"lost{slot}", "u8") for slot in range(SYSCALL_SLOTS)),
        *((f"records_lost{kind}", "u8") for kind in range(RECORD_SLOTS)),
        ("tasks_lost", "u8"),
        ("record_ids", "u8"),
        ("probe_hits", "u8"),
        ("probe_ns", "u8"),
        ("stranger_hits", "u8"),
        ("trees_lost", "u8"),
        *((f"zero{index}", "u8") for index in range(2)),
    ),
)

CONTROL: Final = Struct(
    "control",
    (
        ("next_proc_id", "u8"),
        ("live_processes", "u4"),
        ("stopped", "u4"),
        ("shells", "u4"),
        ("last_stack", "u4"),
        ("live_tasks", "u4"),
        ("zero", "u4"),
    ),
)

IN_RECORDED_CALL: Final = 2
TASK_MARK: Final = Struct(
    "task_mark",
    (
        ("proc_id", "u4"),
        ("armed", "u1"),
        ("muted", "u1"),
        ("in_call", "u1"),
        ("path_pending", "u1"),
    ),
)

SUMMONS: Final = Struct(
    "summons", (("dev", "u8"), ("inode", "u8"), ("pid", "u4"), ("proc_id", "u4"))
)

SHELL_STATE_BYTES: Final = (
    16 + 5 * 8 + 2 * 8 + 2 * 3 * 8 + 2 * 8 + 8 * STACK_FRAMES + 5 * 4 + 12 + 8 + 2 * 16
)
OFF_CPU_BYTES: Final = 2 * 8 + 4 * 4
TASK_STATE_BYTES: Final = (
    TASK_MARK.size + EVENT.size + 8 * 8 + 7 * 8 + SHELL_STATE_BYTES + 16 + 40 + OFF_CPU_BYTES + 8
)
CONFIG_FORMAT: Final = "=QIIIIIIIIII"
CONFIG_BYTES: Final = struct.calcsize(CONFIG_FORMAT) + PROGRAMS * COMM_BYTES


HEADERS: Final = (
    Path(__file__).parents[3] / "bpf/aklo_trace.h",
    Path(__file__).parents[1] / "bcc/source/aklo_trace.h",
)
"""In a clone, and as it is installed."""


def stamp() -> int:
    """Of this file and the header: bpf/Makefile puts it into the object that it builds, and beside
    the sources for bcc. Raises OSError if there is no header."""
    header = next((path for path in HEADERS if path.exists()), HEADERS[-1])
    content = Path(__file__).read_bytes() + header.read_bytes()
    return int(hashlib.sha256(content).hexdigest()[:16], 16)
