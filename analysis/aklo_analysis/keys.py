"""What calls can be grouped by: the class of a call, its process, its file, the line to blame …

Each key numbers the calls of a trace and names the numbers. A number that stands for what is not
known, or for what no name can stand for, is named by a word of ours, and `known` is false.
"""

from __future__ import annotations

import shlex
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from aklo_analysis.calls import UNKNOWN, categories
from aklo_analysis.causes import APART
from aklo_analysis.nullable import Objects, objects
from aklo_analysis.rules.case import Case
from aklo_analysis.stacks import Function, Line
from aklo_analysis.tables.files import RELATIVE, named_files, parent

NOBODY: Final = "unknown"
"""The process, program or command that is not known."""

SCRIPT: Final = "(script)"
"""The code of a script outside of functions."""

Int64 = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Part:
    """A value of a key. `file` is that of a function; `proc_id` that of a process, whose pid
    others may have had too."""

    name: str
    known: bool = True
    file: str | None = None
    proc_id: int | None = None


@dataclass(frozen=True)
class Numbered:
    """`of_calls`: for each call a number from 0 to `len(known)` - 1. `part` is what one stands
    for, and `known` whether that is known."""

    of_calls: npt.NDArray[np.integer]
    known: npt.NDArray[np.bool_]
    part: Callable[[int], Part]


Key = Callable[[Case], Numbered]


def _classes(case: Case) -> Numbered:
    keys, codes = categories(case.calls["activity"])
    return _numbered(codes, [Part(key) for key in keys])


def _syscalls(case: Case) -> Numbered:
    names, codes = categories(case.calls["syscall"])
    return _numbered(codes, [Part(name) for name in names])


def _processes(case: Case) -> Numbered:
    """A process is shown by the last program that it ran."""
    processes, table = case.frames.processes, case.lives.table
    image = table.groupby("process")["image"].last()
    typed = commands(case)

    def part(number: int) -> Part:
        if not known[number]:
            return Part(NOBODY, known=False)
        process = processes.iloc[number]
        command = typed[image.get(number, UNKNOWN)] or NOBODY
        return Part(f"{process['pid']} {command}", proc_id=int(process["proc_id"]))

    known = np.append(np.ones(len(processes), dtype=bool), False)
    return Numbered(_from_end(case.calls["process"], len(processes)), known, part)


def _commands_of_calls(case: Case) -> Numbered:
    return _of_images(case, commands(case))


def _programs(case: Case) -> Numbered:
    return _of_images(case, case.names)


def _of_images(case: Case, names: Objects) -> Numbered:
    """Calls by a name of the image that their process ran; the last of `names` is None."""
    codes, found = pd.factorize(names)
    of_lives = _from_end(codes, len(found))[case.lives.table["image"]]
    parts = [*map(Part, found), Part(NOBODY, known=False)]
    return _numbered(of_lives[case.lives.of_calls], parts)


def commands(case: Case) -> Objects:
    """The arguments of each image as one would type them, else its program; None as the last."""
    argv = objects(case.frames.images["argv"])
    known = zip(argv, case.names, strict=False)
    return np.array([*(shlex.join(a) if a else name for a, name in known), None], dtype=object)


def _files(case: Case) -> Numbered:
    files = named_files(case.frames)
    return _of_files(case, files["name"].tolist(), files["is_path"].tolist())


def _directories(case: Case) -> Numbered:
    files = named_files(case.frames)
    is_path = files["is_path"].tolist()
    found = [_directory(*file) for file in zip(files["name"], is_path, strict=True)]
    return _of_files(case, [name for name, _ in found], [known for _, known in found])


def _directory(name: str, is_path: bool) -> tuple[str, bool]:
    """The directory of a file, and whether that is known; what is apart as a file is so here."""
    if is_path and name.startswith("/"):
        return parent(name), True
    return RELATIVE if is_path else name, False


def _of_files(case: Case, names: list[str], known: list[bool]) -> Numbered:
    """Calls by a name of their file: for each row of the table, of no file, and an unknown one."""
    codes, found = pd.factorize(pd.MultiIndex.from_arrays([names, known]))
    parts = [Part(name, bool(is_known)) for name, is_known in found]
    return _numbered(codes[case.calls["file"].to_numpy()], parts)


def _functions(case: Case) -> Numbered:
    parts = [Part(one.name or SCRIPT, file=one.file) for one in case.stacks.functions]
    return _of_causes(case, case.stacks.function_of, parts)


def _lines(case: Case) -> Numbered:
    functions = case.stacks.functions
    parts = [Part(_line(one, functions)) for one in case.stacks.lines]
    return _of_causes(case, case.stacks.line_of, parts)


def _of_causes(case: Case, place: Int64, places: Sequence[Part]) -> Numbered:
    """Calls by the place of what is to blame for them."""
    numbers = np.append(np.arange(len(APART)), place + len(APART))
    parts = [*(Part(name, known=False) for name in APART), *places]
    return _numbered(numbers[case.causes.of_calls], parts)


def _line(one: Line, functions: Sequence[Function]) -> str:
    """`/opt/x.sh:7`, `/opt/x.sh:~7` within eval, `f:7` in code of a string"""
    around = None if one.function is None else functions[one.function].name
    number = "?" if one.number is None else one.number
    return f"{one.file or around or '(string)'}:{'~' if one.relative else ''}{number}"


def _numbered(of_calls: npt.NDArray[np.integer], parts: Sequence[Part]) -> Numbered:
    known = np.array([part.known for part in parts], dtype=bool)
    return Numbered(of_calls, known, parts.__getitem__)


def _from_end(numbers: Any, count: int) -> Int64:
    """Numbers of which -1, unknown, becomes `count`."""
    values = np.asarray(numbers, dtype=np.int64)
    return np.where(values == UNKNOWN, count, values)


KEYS: Final[dict[str, Key]] = {
    "class": _classes,
    "syscall": _syscalls,
    "process": _processes,
    "program": _programs,
    "command": _commands_of_calls,
    "file": _files,
    "directory": _directories,
    "function": _functions,
    "line": _lines,
}
"""By the names of `aklo_trace.contents.KEYS`."""
