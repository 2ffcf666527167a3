"""The time that a log takes grows with its length and with nothing else."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from .readable import read

SMALLEST, FACTOR = 1, 4
MOST = FACTOR * 2.2
"""Between what is linear and what is quadratic."""
TURNS = 3


def crowd(size: int) -> str:
    """Processes that live at once, and whose forks were not seen."""
    return "".join(
        f"{n} 1700000000.{n:06d} getpid() = {n} <0.000001>\n"
        for n in range(100_000, 100_000 + 2500 * size)
    )


def line(opening: str, repeated: str, closing: str) -> Callable[[int], str]:
    """A line of its own after a regular one."""
    first = "9 1700000000.000001 getpid() = 9 <0.000001>\n"

    def log(size: int) -> str:
        middle = repeated * (size * 200_000 // len(repeated))
        return f"{first}9 1700000000.000002 {opening}{middle}{closing} <0.000001>\n"

    return log


LOGS = {
    "crowd": crowd,
    "quotes": line('rename("', 'a\\"', '", "b") = 0'),
    "endless string": line('rename("', 'a\\"', ") = 0"),
    "endless comment": line("rename(", "/* ", ") = 0"),
    "sockets": line("rename(", '3<A:[""', ") = 0"),
    "brackets": line("read(", "((", ") = 5"),
    "returns": line("rename(", ") = ", ") = 5x"),
    "notes": line('read(3, "", 1) = 5', " (x)", ""),
}


@pytest.mark.parametrize("name", LOGS)
def test_a_log_that_is_longer_takes_as_much_longer(name: str) -> None:
    short, long = (LOGS[name](size) for size in (SMALLEST, SMALLEST * FACTOR))
    assert least_time(long) < MOST * least_time(short)


def least_time(log: str) -> float:
    return min(time_of(log) for _ in range(TURNS))


def time_of(log: str) -> float:
    before = time.process_time()
    read(log)
    return time.process_time() - before


def test_a_line_that_does_not_end_is_looked_through_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a log without pids, which is read as a stream."""
    looked: list[int] = []
    from aklo_trace.strace import plan

    cut = plan._last_cut

    def counting(text: bytes, *rest: object) -> int:
        looked.append(len(text))
        return cut(text, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(plan, "_last_cut", counting)
    length = 4 * plan.PIECE_BYTES
    found = read('1700000000.000001 write(1, "' + "a" * length + '", 5) = 5\n')
    assert [event["syscall"] for event in found.events] == ["write"]
    assert sum(looked) < 4 * length
