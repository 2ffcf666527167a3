"""The calls of one piece as columns, whichever way they were read."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, fields
from typing import Final

import numpy as np
import numpy.typing as npt

from aklo_trace.events import NO_STRING, NULL, Int32, Int64
from aklo_trace.strace.bytewise import Buffer, Positions
from aklo_trace.strace.calls import Image
from aklo_trace.strace.descriptors import Descriptor, describe
from aklo_trace.strace.fastpath import FastCalls
from aklo_trace.strace.line import Call, Part
from aklo_trace.strace.quoting import unescape
from aklo_trace.strace.spans import distinct

NOTHING: Final = -1


@dataclass
class Texts:
    """The texts of a piece, each once: paths and names, and what descriptors stand for."""

    strings: dict[bytes, int] = field(default_factory=dict)
    files: dict[Descriptor, int] = field(default_factory=dict)

    def string(self, text: bytes | int | None) -> int:
        """The code of a text; codes of `events` stay as they are."""
        if isinstance(text, int):
            return text
        return NO_STRING if text is None else self.strings.setdefault(text, len(self.strings))

    def file(self, descriptor: Descriptor | None) -> int:
        if descriptor is None:
            return NOTHING
        return self.files.setdefault(descriptor, len(self.files))

    def file_columns(self) -> FileColumns:
        """What the codes of `file` stand for."""
        names = [*(self.string(file.name) for file in self.files), NO_STRING]
        inodes = [*(file.inode for file in self.files), NULL]
        modes = [*(file.mode for file in self.files), 0]
        return FileColumns(
            np.array(names, np.int32), np.array(inodes, np.int64), np.array(modes, np.int32)
        )


@dataclass(frozen=True)
class FileColumns:
    """Names as codes of strings, inodes and modes by code of the file; what is unknown comes
    last, at the code `NOTHING`."""

    names: Int32
    inodes: Int64
    modes: Int32


@dataclass
class CallColumns:
    """One row per call or part of one, in the order of the lines.

    `path`, `base`, `path2` and `base2` are as in `EventBatch`; `file` and `file2` are codes in
    `Texts.files`; `image` is a place in `images`.
    """

    line: Positions
    part: npt.NDArray[np.int8]
    syscall: Int32
    ret: Int64
    errno: Int32
    dur_ns: Int64
    fd: Int64
    offset: Int64
    path: Int32
    base: Int32
    path2: Int32
    base2: Int32
    file: Int32
    file2: Int32
    flags: Int32
    status: Int32
    spawned: Int64
    thread: npt.NDArray[np.bool_]
    image: Int32

    def __len__(self) -> int:
        return len(self.line)

    def take(self, rows: Positions) -> CallColumns:
        return CallColumns(*(getattr(self, column.name)[rows] for column in fields(self)))


def of_fast_calls(calls: FastCalls, buffer: Buffer, texts: Texts) -> CallColumns:
    """Columns of what the fast path read, which leaves calls with two paths to others."""
    rows = len(calls.line)
    none = np.full(rows, NOTHING, np.int32)

    def column(
        span: tuple[Positions, Positions], code: Callable[[bytes], int]
    ) -> npt.NDArray[np.int32]:
        places, found = distinct(buffer, *span, span[0] > 0)
        return np.array([*map(code, found), NOTHING], np.int32)[places]

    base_text = column(calls.base_text, lambda text: texts.string(describe(text).name))
    return CallColumns(
        line=calls.line,
        part=calls.part,
        syscall=calls.syscall,
        ret=calls.ret,
        errno=calls.errno,
        dur_ns=calls.dur_ns,
        fd=calls.fd,
        offset=calls.offset,
        path=column(calls.path, lambda text: texts.string(unescape(text))),
        base=np.where(base_text == NO_STRING, calls.base, base_text),
        path2=none,
        base2=none,
        file=column(calls.file, lambda text: texts.file(describe(text))),
        file2=column(calls.file2, lambda text: texts.file(describe(text))),
        flags=calls.flags,
        status=calls.status,
        spawned=calls.spawned,
        thread=calls.thread,
        image=calls.image,
    )


def of_calls(
    lines: Sequence[int], calls: Sequence[Call], texts: Texts, images: list[Image]
) -> CallColumns:
    """Columns of calls that were read one by one; their images are added to `images`."""
    places = [NOTHING] * len(calls)
    for place, call in enumerate(calls):
        if call.image is not None:
            places[place] = len(images)
            images.append(call.image)

    def int64(values: Callable[[Call], int | None]) -> Int64:
        known = map(values, calls)
        return np.array([NULL if value is None else value for value in known], np.int64)

    def int32(values: Callable[[Call], int | None]) -> Int32:
        known = map(values, calls)
        return np.array([NOTHING if value is None else value for value in known], np.int32)

    return CallColumns(
        line=np.array(lines, np.int64),
        part=int32(lambda call: call.part).astype(np.int8),
        syscall=int32(lambda call: call.syscall),
        ret=int64(lambda call: call.ret),
        errno=int32(lambda call: call.errno),
        dur_ns=int64(lambda call: call.dur_ns),
        fd=int64(lambda call: call.fd),
        offset=int64(lambda call: call.offset),
        path=int32(lambda call: texts.string(call.path)),
        base=int32(lambda call: texts.string(call.base)),
        path2=int32(lambda call: texts.string(call.path2)),
        base2=int32(lambda call: texts.string(call.base2)),
        file=int32(lambda call: texts.file(call.file)),
        file2=int32(lambda call: texts.file(call.file2)),
        flags=int32(lambda call: call.flags),
        status=int32(lambda call: call.status),
        spawned=int64(lambda call: call.spawned),
        thread=int32(lambda call: call.thread).astype(bool),
        image=np.array(places, np.int32),
    )


def merge(first: CallColumns, second: CallColumns) -> CallColumns:
    """The rows of both, in the order of their lines."""
    joined = CallColumns(
        *(
            np.concatenate([getattr(first, column.name), getattr(second, column.name)])
            for column in fields(CallColumns)
        )
    )
    return joined.take(np.argsort(joined.line, kind="stable"))


def call_at(
    columns: CallColumns,
    row: int,
    strings: list[bytes],
    files: list[Descriptor],
    images: list[Image],
) -> Call:
    """One row as a call; `strings` and `files` are those of `Texts` as lists."""

    def text(code: int) -> bytes | None:
        return strings[code] if code >= 0 else None

    def base(code: int) -> bytes | int:
        return strings[code] if code >= 0 else code

    def file(code: int) -> Descriptor | None:
        return files[code] if code >= 0 else None

    status, spawned = int(columns.status[row]), int(columns.spawned[row])
    image = int(columns.image[row])
    return Call(
        part=Part(int(columns.part[row])),
        syscall=int(columns.syscall[row]),
        ret=int(columns.ret[row]),
        errno=int(columns.errno[row]),
        dur_ns=int(columns.dur_ns[row]),
        fd=int(columns.fd[row]),
        offset=int(columns.offset[row]),
        path=text(int(columns.path[row])),
        base=base(int(columns.base[row])),
        path2=text(int(columns.path2[row])),
        base2=base(int(columns.base2[row])),
        file=file(int(columns.file[row])),
        file2=file(int(columns.file2[row])),
        flags=int(columns.flags[row]),
        status=None if status == NOTHING else status,
        thread=bool(columns.thread[row]),
        spawned=None if spawned == NULL else spawned,
        image=None if image == NOTHING else images[image],
    )
