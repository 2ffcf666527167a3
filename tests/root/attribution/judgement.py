"""Compares what a trace says of a labelled script with what bash said."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path, PurePosixPath

from aklo_trace.schema import SiteFlag

from ..recording import Call, Recording, Row
from .labels import SPAWNED
from .truth import Mark, marks_in

Run = tuple[int, int]
"""A process, and the image that it runs."""
APART = "apart"
NO_FILES = ("environment", "main")
PSEUDO_FUNCTIONS = ("main", "source")


@dataclass
class Tally:
    """How many were looked at and were right, by what was compared; with examples of wrong ones."""

    right: Counter[str] = field(default_factory=Counter)
    total: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)

    def count(self, what: str, is_right: bool, why: str) -> None:
        self.total[what] += 1
        self.right[what] += is_right
        if not is_right:
            self.wrong.append(f"{what}: {why}")

    def ratio(self, what: str) -> float:
        return self.right[what] / self.total[what] if self.total[what] else 1.0

    @staticmethod
    def sum(tallies: Iterable[Tally]) -> Tally:
        whole = Tally()
        for tally in tallies:
            whole.right += tally.right
            whole.total += tally.total
            whole.wrong += tally.wrong
        return whole


@dataclass(frozen=True)
class Judge:
    """Judges the places of one recording by the marks that were reached in it."""

    recording: Recording
    folder: str

    @cached_property
    def marks(self) -> dict[str, Mark]:
        return marks_in(Path(self.folder))

    @cached_property
    def sites(self) -> dict[int | None, Row]:
        return {row["site_id"]: row for row in self.recording.rows("sites")}

    @cached_property
    def reached(self) -> dict[Run, list[tuple[int, Mark]]]:
        """When each process came to which mark."""
        found: dict[Run, list[tuple[int, Mark]]] = {}
        for call in self.recording.calls_of("openat"):
            if call.path in self.marks:
                run = call.proc_id, call.image_id
                found.setdefault(run, []).append((call.ts_ns, self.marks[call.path]))
        return found

    @cached_property
    def process(self) -> dict[int, Row]:
        return {row["proc_id"]: row for row in self.recording.processes}

    @cached_property
    def calls(self) -> dict[Run, list[Call]]:
        """Those of shells."""
        found: dict[Run, list[Call]] = {}
        for call in self.recording.calls:
            if call.image.get("shell"):
                found.setdefault((call.proc_id, call.image_id), []).append(call)
        return found

    @cached_property
    def apart(self) -> dict[int, list[Mark]]:
        """What processes that a process forked say first, if that is within a function that has a
        subshell for its body: the parent is in that function too, but cannot say so."""
        found: dict[int, list[Mark]] = {}
        for (proc_id, _), marks in self.reached.items():
            parent = self.process[proc_id]["parent_proc_id"]
            if parent is not None and marks[0][1].functions[:1] == (APART,):
                found.setdefault(parent, []).append(marks[0][1])
        return found

    def last_mark(self, run: Run, ts_ns: int, place: str | None = None) -> Mark | None:
        """The last one that a process, or the one it was forked from, came to before `ts_ns`
        in the same image."""
        proc_id, image_id = run
        while True:
            before = [
                mark
                for when, mark in self.reached.get((proc_id, image_id), [])
                if when <= ts_ns and place in (None, mark.place)
            ]
            if before:
                return before[-1]
            ts_ns = self.process[proc_id]["start_ns"]
            proc_id = self.process[proc_id]["parent_proc_id"]
            if proc_id is None:
                return None

    def tally(self) -> Tally:
        tally = Tally()
        self._judge_marks(tally)
        self._judge_calls(tally)
        self._judge_programs(tally)
        return tally

    def _judge_marks(self, tally: Tally) -> None:
        found = set()
        for call in self.recording.calls_of("openat"):
            mark = self.marks.get(call.path or "")
            if mark is None:
                continue
            found.add(mark.path)
            site = self.sites.get(call.site_id)
            why = f"{mark} is {brief(site)}"
            tally.count("function", is_function(site, mark), why)
            tally.count("stack", is_stack(site, mark), why)
            tally.count("line", is_line(site, mark), why)
            if mark.sources and mark.sources[0] not in NO_FILES:
                tally.count("place", is_place(site, mark), why)
        for path in set(self.marks) - found:
            tally.count("function", False, f"{path} is not in the trace")

    def _judge_calls(self, tally: Tally) -> None:
        """Calls between two marks are those of the function of one of them."""
        for run, calls in self.calls.items():
            following = list(self.reached.get(run, []))
            before = self.last_mark(run, calls[0].ts_ns)
            for call in calls:
                while following and following[0][0] <= call.ts_ns:
                    before = following.pop(0)[1]
                after = following[0][1] if following else None
                if before and (after or run not in self.reached):
                    self._judge_call(tally, call, [mark for mark in (before, after) if mark])

    def _judge_call(self, tally: Tally, call: Call, marks: list[Mark]) -> None:
        if not any(mark.functions for mark in marks):
            return
        allowed = [*marks, *self.apart.get(call.proc_id, [])]
        site = self.sites.get(call.site_id)
        why = f"{call.syscall} between {' and '.join(map(str, marks))} is {brief(site)}"
        tally.count("call", any(is_function(site, mark) for mark in allowed), why)
        tally.count("call's stack", any(is_stack(site, mark) for mark in allowed), why)

    def _judge_programs(self, tally: Tally) -> None:
        for image in self.recording.images:
            words = (image["argv"] or [])[1:3]
            if len(words) < 2 or not words[0].startswith(SPAWNED) or words[1] != self.folder:
                continue
            place = words[0].removeprefix(SPAWNED)
            mark = self._cause(image, place)
            site = self.sites.get(image["site_id"])
            is_right = mark is not None and is_function(site, mark) and is_line(site, mark)
            tally.count("program", is_right, f"{place} after {mark} is {brief(site)}")
            if mark is None or any(run[0] == image["proc_id"] for run in self.reached):
                continue
            site = self.sites.get(self.process[image["proc_id"]]["site_id"])
            is_right = is_function(site, mark) and is_line(site, mark)
            tally.count("fork", is_right, f"{place} after {mark} was forked {brief(site)}")

    def _cause(self, image: Row, place: str) -> Mark | None:
        """The mark at the place of a program that was started."""
        before = [
            run
            for run, calls in self.calls.items()
            if run[0] == image["proc_id"] and calls[0].ts_ns < image["ts_ns"]
        ]
        return self.last_mark(before[-1], image["ts_ns"], place) if before else None


def is_function(site: Row | None, mark: Mark) -> bool:
    """The innermost function and its file. Text given to bash -c has neither."""
    if site is None:
        return not mark.sources and not mark.line
    if not mark.functions and site["function"] not in (None, "source"):
        return False
    if mark.functions and site["function"] != mark.functions[0]:
        return False
    if not mark.sources or mark.sources[0] in NO_FILES:
        return site["file"] is None
    return is_file(site["file"], mark.sources[0])


def is_stack(site: Row | None, mark: Mark) -> bool:
    """All functions, their files and the lines that called them."""
    if site is None or not is_function(site, mark):
        return is_function(site, mark)
    functions, files, lines = (site[column][::-1] for column in ("stack", "files", "lines"))
    if mark.functions:
        is_right = tuple(functions) == mark.functions
    else:  # bash hides the names outside of functions, but not the files
        is_right = all(name in PSEUDO_FUNCTIONS for name in functions)
    return (
        is_right
        and len(files) == len(mark.sources)
        and all(map(is_file, files, mark.sources))
        and tuple(line or 0 for line in lines) == mark.calls
    )


def is_line(site: Row | None, mark: Mark) -> bool:
    """As bash's LINENO has it."""
    if site is None:
        return is_function(site, mark)
    return bool(site["flags"] & SiteFlag.LINE_RELATIVE) or (site["line"] or 0) == mark.line


def is_place(site: Row | None, mark: Mark) -> bool:
    """The line that the mark stands on, whatever LINENO says of it."""
    if site is None:
        return False
    return bool(site["flags"] & SiteFlag.LINE_RELATIVE) or site["line"] == mark.own_line


def is_file(file: str | None, source: str) -> bool:
    """Whether a file is the one that bash named, if absolutely, or relatively to some directory."""
    if file is None or file == source:
        return file == source
    name = str(PurePosixPath(source))
    return not source.startswith("/") and file.endswith("/" + name) and Path(file).is_file()


def brief(site: Row | None) -> str:
    """For the list of what is wrong."""
    if site is None:
        return "nowhere"
    stack = " < ".join(reversed(site["stack"]))
    return f"at {Path(site['file'] or '').name}:{site['line']} in {stack} ({site['flags']:#x})"
