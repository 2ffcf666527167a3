"""A finished trace, shown once more: its tables as calls with names, by time."""

from __future__ import annotations

from errno import ENOENT
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from aklo_analysis.activity import ACTIVITIES, MEDIA, MEDIUM_OF_KIND, activity_codes
from aklo_analysis.calls import rows_of
from aklo_analysis.dashboard.naming import NOT_SHELL, OUTSIDE, UNKNOWN
from aklo_analysis.dashboard.seen import NOTHING, UNTIMED, Int32, Int64, Interner, Seen
from aklo_analysis.program import program_name

if TYPE_CHECKING:
    from aklo_trace.store import Trace

COLUMNS: Final = ["ts_ns", "dur_ns", "proc_id", "image_id", "syscall", "errno", "bytes"]
FIRST_NS, LAST_NS = 0, np.iinfo(np.int64).max
WAITS: Final = np.array([activity.waits for activity in ACTIVITIES])


class Replay:
    """The calls of a trace from its beginning; `at_ns` is how far they were given. Raises
    TraceError."""

    def __init__(self, trace: Trace) -> None:
        self._names = Interner()
        rows = trace.table("syscalls", [*COLUMNS, "file_id", "site_id"]).unify_dictionaries()
        column = {name: rows.column(name) for name in rows.column_names}
        ts_ns = column["ts_ns"].to_numpy()
        order = np.argsort(ts_ns, kind="stable")
        self._ts_ns = ts_ns[order]
        errno = _numbers(column["errno"], 0)[order]
        calls = column["syscall"].combine_chunks()
        syscall = np.asarray(calls.indices, np.int64)[order]
        proc_id = _numbers(column["proc_id"], 0)[order]
        names = calls.dictionary.to_pylist()
        file_id, files, media = self._files(trace, _numbers(column["file_id"], -1)[order])
        functions, lines = self._places(trace, _numbers(column["site_id"], -1)[order], proc_id)
        own = np.array([self._names.code(name) for name in names] or [0], np.int32)
        activities = activity_codes(names, media[file_id], syscall)
        self._columns = {
            "dur_ns": _numbers(column["dur_ns"], UNTIMED)[order],
            "bytes": _numbers(column["bytes"], 0)[order],
            "failed": errno > 0,
            "absent": errno == ENOENT,
            "waits": WAITS[activities] if len(syscall) else np.zeros(0, bool),
        }
        programs = self._programs(trace, _numbers(column["image_id"], -1)[order])
        self._codes = np.stack([functions, lines, programs, files[file_id], own[syscall]])
        self._lives = _lives(trace)
        self.start_ns = trace.meta.started_at_ns
        self.end_ns = max(trace.meta.ended_at_ns, int(self._ts_ns[-1]) if len(ts_ns) else 0)
        self.at_ns = self.start_ns

    @property
    def is_over(self) -> bool:
        return self.at_ns >= self.end_ns

    def upto(self, at_ns: int) -> Seen:
        """What began from where it is until then."""
        since_ns = FIRST_NS if self.at_ns <= self.start_ns else self.at_ns
        until_ns = LAST_NS if at_ns >= self.end_ns else at_ns
        first, last = np.searchsorted(self._ts_ns, (since_ns, until_ns))
        started, ended = (
            int(np.count_nonzero((times >= since_ns) & (times < until_ns))) for times in self._lives
        )
        self.at_ns = at_ns
        chosen = slice(int(first), int(last))
        return Seen(
            ts_ns=self._ts_ns[chosen],
            codes=self._codes[:, chosen],
            names=self._names.names,
            started=started,
            ended=ended,
            **{name: values[chosen] for name, values in self._columns.items()},
        )

    def _files(self, trace: Trace, file_id: Int64) -> tuple[Int32, Int32, Any]:
        """Rows, and of each row the code of its name and its medium; the last row is no file."""
        table = trace.table("files", ["file_id", "path", "name", "kind"])
        names, media = [], []
        for path, name, kind in zip(
            *(table.column(n).to_pylist() for n in ("path", "name", "kind")), strict=True
        ):
            shown = path or name or (f"({kind})" if kind else UNKNOWN)
            names.append(self._names.code(shown))
            of_path = "file" if kind is None and (path or "").startswith("/") else "unknown"
            media.append(MEDIA.index(MEDIUM_OF_KIND.get(kind, of_path)))
        names.append(self._names.code(NOTHING))
        media.append(MEDIA.index("unknown"))
        return _rows(table, "file_id", file_id), np.array(names, np.int32), np.array(media, np.int8)

    def _programs(self, trace: Trace, image_id: Int64) -> Int32:
        table = trace.table("images", ["image_id", "exe", "script", "argv"])
        columns = (table.column(name).to_pylist() for name in ("exe", "script", "argv"))
        names = [program_name(*row) or UNKNOWN for row in zip(*columns, strict=True)]
        codes = [self._names.code(name) for name in [*names, UNKNOWN]]
        return np.array(codes, np.int32)[_rows(table, "image_id", image_id)]

    def _places(self, trace: Trace, site_id: Int64, proc_id: Int64) -> tuple[Int32, Int32]:
        """Function and line: a call's own, or those that started its process."""
        table = trace.table("sites", ["site_id", "function", "file", "line"])
        columns = (table.column(name).to_pylist() for name in ("function", "file", "line"))
        pairs = [
            (function or OUTSIDE, f"{file}:{line}" if file else NOTHING)
            for function, file, line in zip(*columns, strict=True)
        ]
        pairs.append((NOT_SHELL, NOTHING))
        codes = np.array([[self._names.code(text) for text in pair] for pair in pairs], np.int32)
        sites = _rows(table, "site_id", site_id)
        inherited = _inherited(trace)
        most = max(int(proc_id.max(initial=0)), max(inherited, default=0)) + 1
        of_process = np.full(most, -1, np.int64)
        for process, site in inherited.items():
            of_process[process] = site
        blamed = _rows(table, "site_id", of_process[proc_id])
        places = np.where(site_id >= 0, sites, blamed)
        return codes[places, 0], codes[places, 1]


def _inherited(trace: Trace) -> dict[int, int]:
    """By process the site that started it, or started who forked it."""
    table = trace.table("processes", ["proc_id", "parent_proc_id", "site_id", "start_ns"])
    rows = sorted(table.to_pylist(), key=lambda row: row["start_ns"])
    found: dict[int, int] = {}
    for row in rows:
        site = row["site_id"]
        if site is None:
            site = found.get(row["parent_proc_id"], -1)
        found[row["proc_id"]] = site
    return found


def _lives(trace: Trace) -> tuple[Int64, Int64]:
    """When processes started and ended."""
    table = trace.table("processes", ["start_ns", "end_ns"])
    return _numbers(table.column("start_ns"), 0), _numbers(table.column("end_ns"), -1)


def _numbers(column: Any, missing: int) -> Int64:
    return np.asarray(column.fill_null(missing).to_numpy(), np.int64)


def _rows(table: Any, column: str, wanted: Int64) -> Int32:
    """The row of each id; -1, which is the last of a list, if there is none."""
    return rows_of(column, _numbers(table.column(column), 0), wanted.astype(np.int32))
