"""The few functions of libbpf that are needed, through ctypes.

Source: libbpf's ``libbpf.h`` and ``bpf.h``, version 1.0 and later, where a function that
returns a pointer returns NULL and sets errno on failure.
"""

from __future__ import annotations

import ctypes
import os
import sys
from collections.abc import Iterable, Iterator
from ctypes import POINTER, byref, c_bool, c_char_p, c_int, c_size_t, c_uint32, c_uint64, c_void_p
from functools import cache
from io import FileIO
from pathlib import Path
from types import TracebackType
from typing import Any, Final

from aklo_trace.engine import BUILD
from aklo_trace.errors import CaptureError

LIBRARY: Final = "libbpf.so.1"
BPF_ANY: Final = 0
STAMP_BYTES: Final = 8
BPF_PROG_TYPE_KPROBE: Final = 2
BPF_PROG_TYPE_PERF_EVENT: Final = 7
ATTACHED_OTHERWISE: Final = (BPF_PROG_TYPE_KPROBE, BPF_PROG_TYPE_PERF_EVENT)

_PROTOTYPES: Final = {
    "libbpf_set_print": (c_void_p, (c_void_p,)),
    "bpf_object__open_file": (c_void_p, (c_char_p, c_void_p)),
    "bpf_object__load": (c_int, (c_void_p,)),
    "bpf_object__close": (None, (c_void_p,)),
    "bpf_object__find_map_by_name": (c_void_p, (c_void_p, c_char_p)),
    "bpf_object__next_map": (c_void_p, (c_void_p, c_void_p)),
    "bpf_object__next_program": (c_void_p, (c_void_p, c_void_p)),
    "bpf_map__name": (c_char_p, (c_void_p,)),
    "bpf_map__fd": (c_int, (c_void_p,)),
    "bpf_map__set_max_entries": (c_int, (c_void_p, c_uint32)),
    "bpf_map__initial_value": (c_void_p, (c_void_p, POINTER(c_size_t))),
    "bpf_map_update_elem": (c_int, (c_int, c_void_p, c_void_p, c_uint64)),
    "bpf_map_update_batch": (c_int, (c_int, c_void_p, c_void_p, POINTER(c_uint32), c_void_p)),
    "bpf_program__attach": (c_void_p, (c_void_p,)),
    "bpf_program__name": (c_char_p, (c_void_p,)),
    "bpf_program__fd": (c_int, (c_void_p,)),
    "bpf_program__type": (c_int, (c_void_p,)),
    "bpf_object__find_program_by_name": (c_void_p, (c_void_p, c_char_p)),
    "bpf_program__set_autoload": (c_int, (c_void_p, c_bool)),
    "bpf_program__autoload": (c_bool, (c_void_p,)),
    "bpf_link__destroy": (c_int, (c_void_p,)),
    "bpf_link__fd": (c_int, (c_void_p,)),
    "bpf_iter_create": (c_int, (c_int,)),
}


@cache
def library() -> ctypes.CDLL:
    """The loaded library. Raises OSError when it is not installed."""
    lib = ctypes.CDLL(LIBRARY, use_errno=True)
    for name, (result, arguments) in _PROTOTYPES.items():
        function = getattr(lib, name)
        function.restype = result
        function.argtypes = arguments
    return lib


class Log:
    """What libbpf says while one object is opened and loaded; silent otherwise."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        libc = ctypes.CDLL(None)
        buffer = ctypes.create_string_buffer(4096)

        def keep(level: int, text: bytes, arguments: int) -> int:
            if level < 2:  # LIBBPF_DEBUG is 2
                libc.vsnprintf(buffer, c_size_t(len(buffer)), text, c_void_p(arguments))
                self.lines.append(buffer.value.decode("utf-8", "replace").rstrip())
            return 0

        self._callback = ctypes.CFUNCTYPE(c_int, c_int, c_char_p, c_void_p)(keep)

    def __enter__(self) -> Log:
        library().libbpf_set_print(self._callback)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        library().libbpf_set_print(None)

    @property
    def first(self) -> str:
        return self.lines[0] if self.lines else "libbpf gave no reason"


class Object:
    """A BPF object file: opened, then loaded, then attached."""

    def __init__(self, path: Path) -> None:
        self._lib = library()
        self._path = path
        self._links: dict[str, int] = {}
        self._iterators: list[FileIO] = []
        with Log() as log:
            self._object: int | None = self._lib.bpf_object__open_file(os.fsencode(path), None)
        if not self._object:
            raise CaptureError(f"The BPF object {path} cannot be opened: {log.first}; {BUILD}.")

    def set_max_entries(self, map_name: str, entries: int) -> None:
        self._lib.bpf_map__set_max_entries(self._map(map_name), entries)

    def set_config(self, value: bytes) -> None:
        """Write the object's constants, before it is loaded. The first word is there already: an
        object with another one was built with other structs. Raises CaptureError."""
        handle = self._lib.bpf_object__next_map(self._object, None)
        while handle and not self._lib.bpf_map__name(handle).endswith(b".rodata"):
            handle = self._lib.bpf_object__next_map(self._object, handle)
        if not handle:
            raise self._foreign("it has no constants")
        size = c_size_t()
        memory = self._lib.bpf_map__initial_value(handle, byref(size))
        if size.value != len(value) or ctypes.string_at(memory, STAMP_BYTES) != value[:STAMP_BYTES]:
            raise self._foreign("its layout is another")
        ctypes.memmove(memory, value, len(value))

    def leave_out(self, programs: Iterable[str]) -> None:
        """Load the object without these programs."""
        for name in programs:
            self._lib.bpf_program__set_autoload(self._program(name), False)

    def load(self) -> None:
        """Raises CaptureError with the kernel's own words when it refuses a program."""
        with Log() as log:
            failed = self._lib.bpf_object__load(self._object)
        if failed:
            raise CaptureError(
                f"The kernel refuses the BPF programs: {os.strerror(-failed)} ({log.first})."
            )

    def attach(self) -> None:
        """Attach every program of the object that says itself what to attach it to."""
        for program in self._programs():
            if self._lib.bpf_program__type(program) not in ATTACHED_OTHERWISE:
                name = self._lib.bpf_program__name(program).decode()
                self._links[name] = self._attached(program)

    def _programs(self) -> Iterator[int]:
        """Those that are loaded."""
        program = self._lib.bpf_object__next_program(self._object, None)
        while program:
            if self._lib.bpf_program__autoload(program):
                yield program
            program = self._lib.bpf_object__next_program(self._object, program)

    def _attached(self, program: int) -> int:
        with Log() as log:
            link: int | None = self._lib.bpf_program__attach(program)
        if not link:
            name = self._lib.bpf_program__name(program).decode()
            raise CaptureError(f"The BPF program {name} cannot be attached: {log.first}.")
        return link

    def program_fds(self) -> list[int]:
        return [int(self._lib.bpf_program__fd(program)) for program in self._programs()]

    def program_fd(self, name: str) -> int:
        return int(self._lib.bpf_program__fd(self._program(name)))

    def iterate(self, name: str) -> bytes:
        """Run the attached iterator of that name over all there is; what it wrote. Raises
        OSError."""
        with self.iterator(name) as told:
            return told.readall()

    def iterator(self, name: str) -> FileIO:
        """A file that runs it when it is read, once, which needs no privilege. Raises OSError."""
        fd = int(self._lib.bpf_iter_create(self._lib.bpf_link__fd(self._links[name])))
        if fd < 0:
            raise OSError(-fd, os.strerror(-fd), name)
        self._iterators.append(FileIO(fd))
        return self._iterators[-1]

    def map_fd(self, name: str) -> int:
        return int(self._lib.bpf_map__fd(self._map(name)))

    def update(self, map_name: str, key: bytes, value: bytes) -> None:
        """Write one element. Raises OSError."""
        if self._lib.bpf_map_update_elem(self.map_fd(map_name), key, value, BPF_ANY):
            error = ctypes.get_errno()
            raise OSError(error, os.strerror(error), map_name)

    def fill(self, map_name: str, values: list[bytes]) -> None:
        """Write the first elements of an array. Raises OSError."""
        if not values:
            return
        keys = b"".join(index.to_bytes(4, sys.byteorder) for index in range(len(values)))
        count = c_uint32(len(values))
        fd = self.map_fd(map_name)
        if self._lib.bpf_map_update_batch(fd, keys, b"".join(values), byref(count), None):
            error = ctypes.get_errno()
            raise OSError(error, os.strerror(error), map_name)

    def close(self) -> None:
        """Let go of this process's hold; a process that inherited the descriptors keeps its own."""
        for iterator in self._iterators:
            iterator.close()
        for link in self._links.values():
            self._lib.bpf_link__destroy(link)
        self._links.clear()
        if self._object:
            self._lib.bpf_object__close(self._object)
        self._object = None

    def _map(self, name: str) -> Any:
        found = self._lib.bpf_object__find_map_by_name(self._object, name.encode())
        if not found:
            raise self._foreign(f"it has no map {name}")
        return found

    def _program(self, name: str) -> Any:
        found = self._lib.bpf_object__find_program_by_name(self._object, name.encode())
        if not found:
            raise self._foreign(f"it has no program {name}")
        return found

    def _foreign(self, why: str) -> CaptureError:
        return CaptureError(
            f"The BPF object {self._path} was built from other sources than this program: {why}; "
            f"{BUILD}."
        )
