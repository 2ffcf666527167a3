"""The dashboard as lines of text, for a terminal of any size from 60 by 16 on."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from rich.text import Text

from aklo_analysis.dashboard.axis import Axis
from aklo_analysis.dashboard.cube import Row
from aklo_analysis.dashboard.seen import Int64
from aklo_analysis.dashboard.state import ENDED, LIVE, State
from aklo_analysis.dashboard.view import KEYS, SPEEDS, TABS, View
from aklo_analysis.reporters.clip import clip_end, clip_path, columns
from aklo_analysis.reporters.ink import LEVELS, Ink
from aklo_analysis.units import count, duration, share, size
from aklo_trace.escape import escape

SIDE: Final = 27
"""Columns of what stands beside the heat map."""
LABEL: Final = 7
LEAST_WIDTH, LEAST_HEIGHT = 60, 16
FOOT: Final = (
    *("q quit", "? help", "Space hold", "Tab list", "s sort", "/ find", "Enter into"),
    "t time",
)
SHADES: Final = {True: " ░▒▓█", False: " .:+#"}
HUES: Final = {"10ms": "yellow", "100ms": "red", "> 100ms": "red", "> 1s": "bold red"}
"""Of rows of the heat map that are slow; the shade says how many calls it were."""
DECADES: Final = (1_000, 10_000, 100_000, 1_000_000, 10_000_000, 100_000_000, 1_000_000_000)
FEWER_LABELS: Final = ("< 10µs", "10µs", "100µs", "1ms", "10ms", "> 100ms")
LABELS: Final[tuple[str, ...]] = ("< 1µs", "1µs", "10µs", "100µs", "1ms", "10ms", "100ms", "> 1s")
MARKS: Final = {
    True: {"dot": "●", "go": "▶", "stop": "■", "bar": "│", "up": "↑", "dash": "─"},
    False: {"dot": "*", "go": ">", "stop": "#", "bar": "|", "up": "^", "dash": "-"},
}
NO_NAME: Final = {
    "file": "(no file)",
    "line": "(no line)",
}
SHOWN: Final = {"function": "functions", "line": "lines", "program": "programs"} | {
    "file": "files",
    "call": "calls",
}


@dataclass(frozen=True, slots=True)
class Look:
    """What the terminal has."""

    width: int
    height: int
    utf8: bool = True

    @property
    def ink(self) -> Ink:
        return Ink(color=False, utf8=self.utf8)

    def mark(self, name: str) -> str:
        return MARKS[self.utf8][name]


def screen(state: State, view: View, look: Look) -> list[Text]:
    """As many lines as the terminal has, none wider than it."""
    if look.width < LEAST_WIDTH or look.height < LEAST_HEIGHT:
        lines = [Text(f"The terminal is too small: {LEAST_WIDTH} x {LEAST_HEIGHT} is needed.")]
    elif view.help:
        lines = [_head(state, view, look), Text(), *_help()]
    else:
        lines = list(_body(state, view, look))
    foot = _foot(view)
    lines = [*lines[: look.height - 1], *[Text()] * (look.height - 1 - len(lines)), foot]
    for line in lines:
        line.truncate(look.width)
    return lines


def rows(state: State, view: View) -> list[Row]:
    """Those that the view shows, in its order."""
    found = state.cube.rows(view.tab, view.only, view.text)
    key = {
        "work": lambda row: (-row.work_ns, -row.calls),
        "now": lambda row: (-row.recent, -row.work_ns),
        "calls": lambda row: (-row.calls, -row.work_ns),
        "bytes": lambda row: (-row.bytes, -row.work_ns),
        "failed": lambda row: (-row.failed, -row.calls),
        "waiting": lambda row: (-row.wait_ns, -row.calls),
        "name": lambda row: (row.name,),
    }[view.sort]
    return sorted(found, key=key)


def _body(state: State, view: View, look: Look) -> Iterator[Text]:
    axis = state.lately if view.lately else state.whole
    yield _head(state, view, look)
    yield _facts(state, look)
    yield _spark(axis, look)
    yield from _beside(_heat(axis, view, look), _side(state, look), look)
    yield _tabs(view, look)
    room = look.height - 1 - (4 + _heat_rows(look))
    yield from _table(state, view, look, room)


def _head(state: State, view: View, look: Look) -> Text:
    mode, style = {
        LIVE: (f"{look.mark('dot')} LIVE", "bold green"),
        ENDED: (f"{look.mark('stop')} ENDED", "bold"),
    }.get(state.mode, (f"{look.mark('go')} REPLAY x{SPEEDS[view.speed]:g}", "bold cyan"))
    if view.paused:
        mode, style = "HELD", "bold yellow"
    took = duration(max(state.at_ns - state.start_ns, 0))
    right = f"{took}  {state.about.engine} "
    text = Text.assemble((" aklo-trace ", "reverse bold"), " ", (mode, style), "  ")
    left = look.width - text.cell_len - columns(right) - 1
    text.append(_fit(state.about.command, left, look), "bold")
    return _right(text, Text(look.ink.text(right), "dim"), look.width)


def _facts(state: State, look: Look) -> Text:
    total, lost = state.cube.total, sum(state.loss.values())
    living = max(state.processes - state.ended, 0)
    told: tuple[str, str]
    told = (f"{count(lost)} LOST", "bold red") if lost else ("nothing lost", "green")
    if state.note:
        told = (state.note, "yellow")
    parts = (
        f"{count(total['calls'])} calls, {_short(total['failed'])} failed",
        f"{count(state.processes)} procs, {count(living)} alive",
    )
    text = Text.assemble((f" {_short(state.rate())} calls/s", "bold"))
    right = Text.assemble(told, " ")
    for part in parts:
        if text.cell_len + len(part) + right.cell_len + 4 <= look.width:
            text.append("   " + part)
    return _right(text, right, look.width)


def _spark(axis: Axis, look: Look) -> Text:
    room = look.width - LABEL - 16
    values, per_column = _resampled(axis.calls[: axis.used], room)
    most = max(int(values.max(initial=0)), 1)
    levels = LEVELS[look.utf8]
    drawn = "".join(levels[math.ceil(int(v) / most * (len(levels) - 1))] for v in values.tolist())
    peak = most / (per_column * axis.width_ns / 1e9)
    text = Text.assemble(("calls/s".rjust(LABEL), "dim"), " ", (drawn, "cyan"))
    return _right(text, Text(f"peak {_short(peak)}/s ", "dim"), look.width)


def _heat_rows(look: Look) -> int:
    """Lines of the heat map with its axis."""
    return 7 if look.height < 28 else 9


def _heat(axis: Axis, view: View, look: Look) -> list[Text]:
    room = _heat_width(look)
    by_decade, labels = _by_decade(axis), LABELS
    if _heat_rows(look) < len(LABELS):  # the fastest together, and the slowest
        firsts = (0, 2, 3, 4, 5, 6)
        by_decade, labels = np.add.reduceat(by_decade, firsts), FEWER_LABELS
    values, _ = _resampled(by_decade[:, : axis.used], room)
    most = math.log1p(int(values.max(initial=0))) or 1.0
    lines = [
        _heat_line(label, values[place], most, look)
        for place, label in reversed(list(enumerate(labels)))
    ]
    span = duration(axis.used * axis.width_ns) if axis.used else ""
    until = "now" if not view.lately else "last 2 min"
    text = Text(" " * (LABEL + 1) + look.ink.text(f"{span} ago" if span else ""), "dim")
    width = LABEL + 1 + values.shape[1]
    text.pad_right(max(width - text.cell_len - len(until), 1))
    text.append(until, "dim")
    return [*lines, text]


def _heat_width(look: Look) -> int:
    return look.width - LABEL - 2 - (SIDE + 2 if look.width >= 76 else 0)


def _heat_line(label: str, values: Int64, most: float, look: Look) -> Text:
    shades = SHADES[look.utf8]
    drawn = (math.ceil(math.log1p(value) / most * (len(shades) - 1)) for value in values.tolist())
    return Text.assemble(
        (look.ink.text(label).rjust(LABEL) + look.mark("bar"), "dim"),
        ("".join(shades[shade] for shade in drawn), HUES.get(label, "cyan")),
    )


def _by_decade(axis: Axis) -> Int64:
    """The heat by factors of ten: what took less than a microsecond first."""
    bounds = np.searchsorted(DECADES, 2.0 ** (np.arange(axis.heat.shape[0]) + 0.5))
    found = np.zeros((len(DECADES) + 1, axis.heat.shape[1]), np.int64)
    np.add.at(found, bounds, axis.heat)
    return found


def _resampled(values: Int64, room: int) -> tuple[Int64, int]:
    """At most `room` columns, each of as many as returned."""
    length = values.shape[-1]
    each = max(-(-length // max(room, 1)), 1)
    padded = np.concatenate(
        [values, np.zeros((*values.shape[:-1], -length % each), np.int64)], axis=-1
    )
    return padded.reshape(*values.shape[:-1], -1, each).sum(axis=-1), each


def _side(state: State, look: Look) -> list[Text]:
    """Caches and alerts."""
    lines = [Text("CACHES", "bold")]
    used = [cache for cache in state.entries if cache.ratio is not None]
    for cache in used[:3]:
        ratio = cache.ratio or 0.0
        style = "green" if ratio >= 0.5 else "yellow"
        bar = look.ink.bar(ratio, 8).ljust(8)
        looks = _short(cache.there + cache.absent)
        name = _fit(cache.name, 7, look).ljust(7)
        lines.append(Text.assemble(name, " ", (bar, style), f"{ratio:5.0%} of {looks}"))
    if not used:
        lines.append(Text("no entry looked for", "dim"))
    lines.append(Text("ALERTS", "bold"))
    said = [
        (f"{duration(one.dur_ns)} {one.call} {one.file.rpartition('/')[2]}", "bold red")
        for one in state.slow[:2]
    ]
    said += [(alert, "yellow") for alert in state.about.alerts]
    if state.slow_count > 2:
        said.insert(2, (f"and {count(state.slow_count - 2)} more slow ones", "red"))
    lines += [Text(_fit(text, SIDE, look), style) for text, style in said]
    if not said:
        limit = state.about.threshold_ns
        lines.append(
            Text(look.ink.text(f"none over {duration(limit)}" if limit else "none"), "dim")
        )
    return lines


def _beside(left: Sequence[Text], right: Sequence[Text], look: Look) -> Iterator[Text]:
    for place, line in enumerate(left):
        if look.width >= 76 and place < len(right):
            line.pad_right(look.width - SIDE - 2 - line.cell_len)
            line.append(look.mark("bar") + " ", "dim")
            line.append_text(right[place])
        yield line


def _tabs(view: View, look: Look) -> Text:
    text = Text(" ")
    for number, tab in enumerate(TABS, start=1):
        style = "reverse bold" if tab == view.tab else "dim" if tab in view.only else ""
        text.append(f" {number} {SHOWN[tab]} ", style)
    path = "".join(
        f" > {_fit(name or NO_NAME.get(tab, '-'), 24, look)}" for tab, name in view.only.items()
    )
    text.append(path, "bold yellow")
    typed = f"/{view.text}{'_' if view.typing else ''}" if view.text or view.typing else ""
    right = Text.assemble((typed, "bold"), "  ", (f"by {view.sort} ", "dim"))
    text.truncate(max(look.width - right.cell_len - 1, 1))
    return _right(text, right, look.width)


COLUMNS: Final = (
    ("work", 7, 0),
    ("share", 6, 0),
    ("now", 5, 0),
    ("calls", 9, 0),
    ("bytes", 8, 70),
    ("failed", 8, 76),
    ("waiting", 8, 90),
)
"""Titles, widths, and the least width of a terminal that has room for it."""


def _table(state: State, view: View, look: Look, room: int) -> Iterator[Text]:
    shown = [column for column in COLUMNS if look.width >= column[2]]
    head = "".join(title.rjust(width) for title, width, _ in shown)
    yield Text(f" {head}  {view.tab}", "dim")
    found, total = rows(state, view), max(state.cube.total["work_ns"], 1)
    chosen = min(view.row, max(len(found) - 1, 0))
    first = max(min(chosen - room // 2, len(found) - room + 1), 0)
    for place, row in enumerate(found[first : first + room - 1], start=first):
        line = _row(row, [title for title, _, _ in shown], total, view, look)
        if place == chosen:
            line = Text(line.plain, "reverse")
        yield line
    if not found:
        yield Text("  Nothing yet." if not view.text else "  Nothing holds that.", "dim")


def _row(row: Row, titles: Sequence[str], total: int, view: View, look: Look) -> Text:
    values = {
        "work": duration(row.work_ns) if row.work_ns else "",
        "share": share(row.work_ns, total),
        "now": f"{row.recent:.0%}" if row.recent >= 0.005 else "",
        "calls": count(row.calls) if row.calls < 10_000_000 else _short(row.calls),
        "bytes": size(row.bytes) if row.bytes else "",
        "failed": count(row.failed) if row.failed else "",
        "waiting": duration(row.wait_ns) if row.wait_ns else "",
    }
    styles = {"now": "cyan", "failed": "yellow", "waiting": "dim", "work": "bold"}
    text = Text(" ")
    for title, width, _ in COLUMNS:
        if title in titles:
            text.append(look.ink.text(values[title]).rjust(width), styles.get(title, ""))
    text.append("  ")
    name = row.name or NO_NAME.get(view.tab, "(unknown)")
    room = look.width - text.cell_len - 1
    clip = clip_path if view.tab in ("file", "line") else clip_end
    shown = clip(look.ink.text(escape(name)), max(room, 8), look.ink.ellipsis)
    text.append(shown, "dim" if name.startswith("(") else "")
    text.pad_right(max(look.width - text.cell_len, 0))
    return text


def _help() -> Iterator[Text]:
    yield Text("  KEYS", "bold")
    for key, what in KEYS.items():
        yield Text.assemble("  ", (key.ljust(12), "bold cyan"), what)
    yield Text()
    yield Text("  WHAT IS SHOWN", "bold")
    for line in (
        "work     time within calls that work; waiting for others is apart",
        "share    of the work of all calls",
        "now      share of the work of the last seconds",
        "heat map how many calls took how long, over time; waiting left out",
        "caches   how often an entry that was looked for was there",
        "What a shell starts belongs to the function and line that started it.",
    ):
        yield Text("  " + line)


def _foot(view: View) -> Text:
    if view.help:
        return Text(" any key: back   q quit", "dim")
    if view.typing:
        return Text(" type a part of a name   Enter: keep it   Esc: end", "dim")
    keys = (
        "q quit",
        "? help",
        "Space hold",
        "Tab list",
        "s sort",
        "/ find",
        "Enter into",
        "t time",
    )
    text = Text(" ")
    for key in keys:
        name, what = key.split(" ")
        text.append(name, "bold")
        text.append(f" {what}  ", "dim")
    return text


def _right(left: Text, right: Text, width: int) -> Text:
    left.pad_right(max(width - left.cell_len - right.cell_len, 1))
    left.append_text(right)
    return left


def _fit(text: str, room: int, look: Look) -> str:
    return clip_end(look.ink.text(escape(text)), max(room, 4), look.ink.ellipsis)


def _short(number: float) -> str:
    """`38.2k`"""
    for unit, name in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if number >= unit:
            return (
                f"{number / unit:.1f}{name}"
                if number < 100 * unit
                else f"{number / unit:.0f}{name}"
            )
    return f"{number:.0f}"
