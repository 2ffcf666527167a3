"""Numbers as people read them: three digits that matter, and the unit right behind them.

Without a space in between, all that a terminal wraps or aligns is one word.
"""

from __future__ import annotations

from typing import Final

DURATIONS: Final = ((1_000_000_000, "s"), (1_000_000, "ms"), (1_000, "µs"), (1, "ns"))
SIZES: Final = ((1 << 40, "TiB"), (1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB"))
MINUTE_NS: Final = 60_000_000_000


def duration(ns: int) -> str:
    """`1.23s`, `45.6ms`, `789µs`; from two minutes on `2m05s`, then `3h07m`."""
    if ns >= 2 * MINUTE_NS:
        return _long(ns)
    for unit_ns, unit in DURATIONS:
        # a little earlier than at the unit itself: 999.6 µs is 1.00 ms, not 1000 µs
        if ns >= unit_ns * 0.9995:
            return f"{_digits(ns / unit_ns)}{unit}" if unit_ns > 1 else f"{ns}{unit}"
    return "0" if ns == 0 else f"-{duration(-ns)}"


def spent(ns: int) -> str:
    """A sum of durations; nothing for none: what took no time at all is what nobody measured."""
    return duration(ns) if ns else ""


def size(count: int) -> str:
    """`512B`, `1.50KiB`, `23.4MiB`."""
    for unit_bytes, unit in SIZES:
        # 1023.6 KiB is 1.00 MiB, not 1024 KiB
        if count >= unit_bytes * 0.9995:
            return f"{_digits(count / unit_bytes)}{unit}"
    return f"{count}B" if count else "0"


def count(number: int) -> str:
    return f"{number:,}"


def counted(number: int, noun: str, plural: str = "") -> str:
    """`1 program`, `2,000 programs`."""
    return f"{count(number)} {noun if number == 1 else plural or noun + 's'}"


def share(part: int, whole: int) -> str:
    """`45%`, rounded down, so that shares of one whole never add up to more than it; `<1%` for
    a little, and nothing for nothing."""
    if whole <= 0 or part <= 0:
        return ""
    percent = 100 * part // whole
    return f"{percent}%" if percent else "<1%"


def _digits(value: float) -> str:
    if value >= 99.95:
        return f"{value:.0f}"
    return f"{value:.2f}" if value < 9.995 else f"{value:.1f}"


def _long(ns: int) -> str:
    minutes, seconds = divmod(round(ns / 1e9), 60)
    if minutes < 120:
        return f"{minutes}m{seconds:02}s"
    hours, minutes = divmod(minutes, 60)
    return f"{hours}h{minutes:02}m"
