"""Places in shell code: each combination of functions, scripts and line once.

bash names a script as it was given: relatively, in a script that was started so. What the name
means was settled when bash opened the script, so the names that shells opened are kept.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from typing import Final

import numpy as np

from aklo_trace.events import NO_SITE, EventBatch, Int64, Site
from aklo_trace.paths import resolve
from aklo_trace.schema import SiteFlag
from aklo_trace.text import decode

FOREVER_NS: Final = np.iinfo(np.int64).max
NO_SCRIPTS: Final = (b"environment", b"main")
"""What BASH_SOURCE says of functions that come from a string or from standard input."""


@dataclass(frozen=True, slots=True)
class _Era:
    """While a name means one path to a process."""

    begin_ns: int
    end_ns: int
    path: bytes | None


class Scripts:
    """The relative names under which processes opened files, and what they meant."""

    def __init__(self) -> None:
        self._births: dict[int, tuple[int, int | None]] = {}
        self._openings: dict[tuple[int, bytes], tuple[list[int], list[bytes]]] = {}
        self._eras: dict[tuple[int, bytes], _Era] = {}

    def start(self, proc_id: int, ts_ns: int, parent_proc_id: int | None) -> None:
        self._births[proc_id] = ts_ns, parent_proc_id

    def opened(self, proc_id: int, ts_ns: int, name: bytes, path: bytes) -> None:
        times, paths = self._openings.setdefault((proc_id, name), ([], []))
        times.append(ts_ns)
        paths.append(path)
        self._eras.clear()

    def path(self, proc_id: int, ts_ns: int, name: bytes) -> bytes | None:
        """What `name` meant when the process opened it last before `ts_ns`, or before that the
        one it was forked from."""
        era = self._eras.get((proc_id, name))
        if era is None or not era.begin_ns <= ts_ns < era.end_ns:
            era = self._eras[proc_id, name] = self._era(proc_id, ts_ns, name)
        return era.path

    def _era(self, proc_id: int, ts_ns: int, name: bytes) -> _Era:
        """That around a moment. The openings of ancestors after a fork can cut it short."""
        ancestor: int | None = proc_id
        until_ns, end_ns = ts_ns, FOREVER_NS
        while ancestor is not None:
            times, paths = self._openings.get((ancestor, name), ([], []))
            before = bisect_right(times, until_ns)
            if before < len(times):
                end_ns = min(end_ns, max(times[before], ts_ns + 1))
            if before:
                return _Era(times[before - 1], end_ns, paths[before - 1])
            start_ns, ancestor = self._births.get(ancestor, (until_ns, None))
            until_ns = min(until_ns, start_ns)
        return _Era(0, end_ns, None)


class SiteTable:
    """Hands out site ids."""

    def __init__(self, scripts: Scripts) -> None:
        self._scripts = scripts
        self._ids: dict[tuple[Site, tuple[bytes, ...]], int] = {}

    def of(self, proc_id: int, ts_ns: int, site: Site) -> int:
        """The id of where a process was."""
        names = tuple(self.script(proc_id, ts_ns, frame.source) for frame in site.frames)
        return self._ids.setdefault((site, names), len(self._ids))

    def column(self, batch: EventBatch) -> Int64:
        """The id for each row of a batch, `NO_SITE` for none."""
        ids = np.full(len(batch.sites) + 1, NO_SITE, np.int64)
        relative = []
        for code, site in enumerate(batch.sites):
            if all(is_settled(frame.source) for frame in site.frames):
                ids[code] = self.of(0, 0, site)
            else:
                relative.append(code)
        column = ids[batch.site]
        names = {code: _relative_names(batch.sites[code]) for code in relative}
        known: dict[tuple[object, ...], int] = {}
        rows = np.flatnonzero(np.isin(batch.site, relative))
        for row, code, proc_id, ts_ns in zip(
            rows.tolist(),
            batch.site[rows].tolist(),
            batch.proc_id[rows].tolist(),
            batch.ts_ns[rows].tolist(),
            strict=True,
        ):
            key = (code, *[self._scripts.path(proc_id, ts_ns, name) for name in names[code]])
            if key not in known:
                known[key] = self.of(proc_id, ts_ns, batch.sites[code])
            column[row] = known[key]
        return column

    def columns(self) -> dict[str, list[object]]:
        """The table `sites`."""
        table: dict[str, list[object]] = {}
        for (site, sources), site_id in self._ids.items():
            row = _row(site, sources)
            for name, value in {"site_id": site_id, **row}.items():
                table.setdefault(name, []).append(value)
        return table

    def files(self) -> set[str]:
        """The scripts of the table."""
        sources = {source for _, of_site in self._ids for source in of_site}
        return {decode(resolve(None, source))[0] for source in sources}

    def script(self, proc_id: int, ts_ns: int, source: bytes) -> bytes:
        """The path of a script that a process knows by that name, if it is known."""
        if is_settled(source):
            return source
        return self._scripts.path(proc_id, ts_ns, source) or source


def _relative_names(site: Site) -> list[bytes]:
    return [name for name in {frame.source for frame in site.frames} if not is_settled(name)]


def is_settled(source: bytes) -> bool:
    """Whether the name of a script means the same in every process."""
    return source.startswith(b"/")


def _row(site: Site, sources: tuple[bytes, ...]) -> dict[str, object]:
    functions = [decode(frame.function) for frame in site.frames]
    files = [decode(resolve(None, source)) for source in sources]
    flags = site.flags
    if any(odd for _, odd in [*functions, *files]):
        flags |= SiteFlag.NOT_UTF8
    if any(not is_settled(source) and source not in NO_SCRIPTS for source in sources):
        flags |= SiteFlag.FILE_RELATIVE
    innermost = not site.frames or _is_script(site, sources)
    return {
        "function": None if innermost else functions[0][0],
        "file": files[0][0] if files and sources[0] not in NO_SCRIPTS else None,
        "line": site.line,
        "stack": [text for text, _ in reversed(functions)],
        "files": [text for text, _ in reversed(files)],
        "lines": [frame.called_from or None for frame in reversed(site.frames)],
        "flags": int(flags),
    }


def _is_script(site: Site, sources: tuple[bytes, ...]) -> bool:
    """Whether the innermost frame is not a function but the script itself, which bash calls main
    as well."""
    return (
        len(site.frames) == 1
        and site.frames[0].function == b"main"
        and site.frames[0].called_from == 0
        and sources[0] != b"environment"
        and not site.flags & SiteFlag.STACK_TRUNCATED
    )
