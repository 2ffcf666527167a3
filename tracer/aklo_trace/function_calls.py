"""The rows of the table `calls`: what was called gets its names and its place."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from aklo_trace.events import NULL, FunctionCall, FunctionCalls, Int64
from aklo_trace.paths import resolve
from aklo_trace.schema import CallFlag
from aklo_trace.sites import SiteTable, is_settled
from aklo_trace.text import decode
from aklo_trace.timeline import UNKNOWN, Timeline

Columns = dict[str, "Int64 | list[object]"]
Named = tuple[str | None, str | None, int, int]
"""Function, file, site id or NULL, and bits of CallFlag."""


def function_call_columns(calls: FunctionCalls, images: Timeline, sites: SiteTable) -> Columns:
    """One value per call, as in the schema."""
    functions, files, site_ids, flags = zip(*_names(calls, sites), strict=True)
    return {
        "ts_ns": calls.ts_ns,
        "dur_ns": calls.dur_ns,
        "proc_id": calls.proc_id,
        "image_id": _images(calls, images),
        "tid": calls.tid,
        "depth": calls.depth,
        "function": list(functions),
        "file": list(files),
        "site_id": np.array(site_ids, np.int64),
        "exit_status": calls.status,
        "flags": calls.flags | np.array(flags, np.int64),
    }


def _names(calls: FunctionCalls, sites: SiteTable) -> Iterator[Named]:
    relative = [_relative_names(call) for call in calls.calls]
    known: dict[tuple[object, ...], Named] = {}
    for code, proc_id, ts_ns in zip(
        calls.call.tolist(), calls.proc_id.tolist(), calls.ts_ns.tolist(), strict=True
    ):
        key = (code, *[sites.script(proc_id, ts_ns, name) for name in relative[code]])
        if key not in known:
            known[key] = _named(calls.calls[code], proc_id, ts_ns, sites)
        yield known[key]


def _images(calls: FunctionCalls, images: Timeline) -> Int64:
    order = np.argsort(calls.ts_ns, kind="stable")
    found = np.empty(len(calls), np.int64)
    found[order] = images.of(calls.proc_id[order].astype(np.int32), calls.ts_ns[order])
    return np.where(found == UNKNOWN, NULL, found)


def _relative_names(call: FunctionCall) -> list[bytes]:
    """Of scripts: what they mean depends on the process."""
    sources = {frame.source for frame in call.site.frames} if call.site else set()
    return [name for name in sources | {call.source} if name and not is_settled(name)]


def _named(call: FunctionCall, proc_id: int, ts_ns: int, sites: SiteTable) -> Named:
    if call.function is None or call.source is None or call.site is None:
        return None, None, NULL, int(CallFlag.NAME_UNKNOWN)
    function, odd_function = decode(call.function)
    file, odd_file = decode(resolve(None, sites.script(proc_id, ts_ns, call.source)))
    flags = CallFlag.NOT_UTF8 if odd_function or odd_file else 0
    return function, file or None, sites.of(proc_id, ts_ns, call.site), int(flags)
