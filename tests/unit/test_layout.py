"""The structs and numbers that Python and the BPF programs share, as a C compiler has them."""

from __future__ import annotations

import ctypes
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from aklo_trace import filter
from aklo_trace.ebpf import layout
from aklo_trace.ebpf.machine import object_path
from aklo_trace.schema import OffCpuFlag, SyscallFlag

BPF = Path(__file__).parents[2] / "bpf"
HEADER = BPF / "aklo_trace.h"
PAGE = BPF.parent / "docs" / "technical" / "events.md"
STRUCTS = [value for value in vars(layout).values() if isinstance(value, layout.Struct)]
NUMBERS = {
    name: value
    for name, value in vars(layout).items()
    if name.isupper() and isinstance(value, int) and re.search(rf"\b{name}\b", HEADER.read_text())
}
ARRAYS = (
    *("zero2", "zero", "text", "bytes", "base", "path", "dirfd"),
    *("attempts", "lost", "records_lost", "calls"),
)
IDENTITY = ("inode", "dev", "mode", "instance")
NESTED = {
    "exec_record": {name: f"identity.{name}" for name in IDENTITY}
    | {f"directory_{name}": f"directory.{name}" for name in IDENTITY},
    "beginning": {name: f"cwd.{name}" for name in IDENTITY},
    "joined": {name: f"exe.{name}" for name in IDENTITY},
    "file_record": {name: f"identity.{name}" for name in IDENTITY},
    "path_record": {
        f"{name}{which}": f"identity[{which}].{name}" for name in IDENTITY for which in (0, 1)
    },
}
KERNEL_FLAGS = 1 << 12
"""From this bit on flags are the kernel side's own."""

Evaluate = Callable[[list[str]], list[int]]


@pytest.fixture(scope="module")
def evaluate(tmp_path_factory: pytest.TempPathFactory) -> Evaluate:
    """Gives the values of C expressions in which the header's names stand."""
    compiler = next(filter_none(map(shutil.which, ("cc", "gcc", "clang"))), None)
    if compiler is None:
        pytest.fail("no C compiler; `make setup-dev` installs one")
    folder = tmp_path_factory.mktemp("layout")

    def evaluate(expressions: list[str]) -> list[int]:
        lines = "".join(f'printf("%lld\\n", (long long)({text}));\n' for text in expressions)
        source = "#include <linux/types.h>\n#include <stddef.h>\n#include <stdio.h>\n"
        source += f'#include "{HEADER}"\nint main(void) {{\n{lines}return 0;\n}}\n'
        (folder / "layout.c").write_text(source)
        program = folder / "layout"
        subprocess.run([compiler, "-o", program, folder / "layout.c"], check=True)
        printed = subprocess.run([program], check=True, capture_output=True, text=True).stdout
        return [int(line) for line in printed.split()]

    return evaluate


def filter_none(found: map[str | None]) -> map[str]:
    return map(str, (path for path in found if path))


def in_c(struct: layout.Struct, field: str) -> str:
    """The field's name in C: an element of an array, or of a struct within."""
    nested = NESTED.get(struct.name, {}).get(field)
    if nested:
        return nested
    for array in ARRAYS:
        index = field.removeprefix(array)
        if field.startswith(array) and index.isdecimal():
            return f"{array}[{index}]"
    return field


def test_the_fields_of_every_struct_are_where_c_has_them(evaluate: Evaluate) -> None:
    fields = [(struct, name) for struct in STRUCTS for name, _ in struct.fields]
    offsets = [f"offsetof(struct {s.name}, {in_c(s, name)})" for s, name in fields]
    sizes = [f"sizeof(((struct {s.name} *)0)->{in_c(s, name)})" for s, name in fields]
    expected = running_offsets()
    assert evaluate(offsets + sizes) == [e[0] for e in expected] + [e[1] for e in expected]


def running_offsets() -> list[tuple[int, int]]:
    found = []
    for struct in STRUCTS:
        offset = 0
        for _, kind in struct.fields:
            found.append((offset, int(kind[1:])))
            offset += int(kind[1:])
        assert offset == struct.size
    return found


def test_the_structs_have_the_size_that_c_gives_them(evaluate: Evaluate) -> None:
    sizes = evaluate([f"sizeof(struct {struct.name})" for struct in STRUCTS])
    assert sizes == [struct.size for struct in STRUCTS]


def test_every_struct_that_is_shared_is_known(evaluate: Evaluate) -> None:
    in_header = set(re.findall(r"^struct (\w+) \{", HEADER.read_text(), re.M))
    within_others = {"identity"}
    packed_by_hand = {"config"}
    assert in_header - within_others - packed_by_hand == {struct.name for struct in STRUCTS}
    assert evaluate(["sizeof(struct config)"]) == [layout.CONFIG_BYTES]


def test_the_page_of_events_has_every_field_and_kind_of_record() -> None:
    text = PAGE.read_text("utf-8")
    rows = re.findall(r"^\| `(\w+)` \| (\d+) \| ", text, re.MULTILINE)
    assert rows == [(name, kind[1:]) for name, kind in layout.EVENT.fields]
    kinds = re.findall(r"^\tRECORD_(?!KINDS)\w+", HEADER.read_text(), re.MULTILINE)
    assert re.findall(r"^\| `(RECORD_\w+)` \| ", text, re.MULTILINE) == [k.strip() for k in kinds]


def test_offset_finds_a_field(evaluate: Evaluate) -> None:
    (offset,) = evaluate(["offsetof(struct event, nr)"])
    assert layout.EVENT.offset("nr") == offset


def test_numbers_are_those_of_the_header(evaluate: Evaluate) -> None:
    assert dict(zip(NUMBERS, evaluate(list(NUMBERS)), strict=True)) == NUMBERS


def test_every_enum_value_that_python_uses_is_checked() -> None:
    prefixes = ("EVENT_", "RECORD_", "BASE_", "SPEC_", "FILE_")
    own = {name for name in vars(layout) if name.startswith(prefixes)}
    assert {name for name in own if isinstance(getattr(layout, name), int)} <= set(NUMBERS)


def test_flags_of_events_are_those_of_the_schema(evaluate: Evaluate) -> None:
    names = re.findall(r"\b(EVENT_\w+) = ", HEADER.read_text())
    for name, value in zip(names, evaluate(names), strict=True):
        if value < KERNEL_FLAGS:
            assert SyscallFlag[name.removeprefix("EVENT_")] == value


def test_flags_of_stretches_without_a_cpu_are_those_of_the_schema(evaluate: Evaluate) -> None:
    names = re.findall(r"\bOFFCPU_(\w+) = ", HEADER.read_text())
    values = evaluate([f"OFFCPU_{name}" for name in names])
    assert dict(zip(names, values, strict=True)) == {flag.name: flag.value for flag in OffCpuFlag}


def test_the_filter_takes_as_many_programs_as_the_kernel_side() -> None:
    assert filter.MOST_PROGRAMS == layout.PROGRAMS
    assert filter.COMM_BYTES == layout.COMM_BYTES - 1


def test_maps_of_the_object_hold_values_of_these_sizes() -> None:
    """Also of the structs that only the BPF programs know."""
    try:
        libbpf = ctypes.CDLL("libbpf.so.1")
    except OSError as error:
        pytest.skip(str(error))
    if not object_path().exists():
        pytest.skip(f"{object_path()} has not been built")
    libbpf.libbpf_set_print(None)
    libbpf.bpf_object__open_file.restype = ctypes.c_void_p
    libbpf.bpf_object__find_map_by_name.restype = ctypes.c_void_p
    handle = ctypes.c_void_p(libbpf.bpf_object__open_file(bytes(object_path()), None))
    expected = {
        "tasks": layout.TASK_STATE_BYTES,
        "events": layout.EVENT.size,
        "positions": layout.RING_POSITION.size,
        "cpu_counters": layout.COUNTERS.size,
        "controls": layout.CONTROL.size,
        "specs": layout.SYSCALL_SPEC.size,
        "patterns": layout.PATTERN.size,
        "trees": layout.ROOT.size,
        "tree_losses": layout.TREE_LOSSES.size,
    }
    found = {}
    for name in expected:
        map_handle = ctypes.c_void_p(libbpf.bpf_object__find_map_by_name(handle, name.encode()))
        found[name] = libbpf.bpf_map__value_size(map_handle)
    libbpf.bpf_object__close(handle)
    assert found == expected
