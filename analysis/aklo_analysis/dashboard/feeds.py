"""Where the dashboard gets what it shows: from a recorder at work, or from a finished trace."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Final, Protocol

from aklo_analysis.dashboard.naming import Namer
from aklo_analysis.dashboard.replay import Replay
from aklo_analysis.dashboard.state import ENDED, REPLAYED, State

if TYPE_CHECKING:
    from aklo_trace.engine import Account
    from aklo_trace.events import EventBatch

MOST_BUSY_S: Final = 0.15
"""How long is read before it is drawn again, if there is more than that."""
ACCOUNT_S: Final = 1.0
CATCHING_UP: Final = "catching up"


class Followed(Protocol):
    """A recording that is read while it grows."""

    def more(self) -> EventBatch | None: ...

    def account(self) -> Account: ...


class LiveFeed:
    """`is_over`: whether the recorder has ended."""

    def __init__(self, followed: Followed, cwd: str | None, is_over: Callable[[], bool]) -> None:
        self._followed, self._is_over = followed, is_over
        self._namer = Namer(cwd)
        self._account_s = 0.0
        self._ended = False

    def advance(self, state: State, speed: float, passed_s: float) -> None:
        """Add what was recorded since; a recorder that has ended wrote its last before that."""
        del speed, passed_s
        ended, began_s = self._is_over(), time.monotonic()
        while batch := self._followed.more():
            state.add(self._namer.seen(batch))
            if time.monotonic() - began_s > MOST_BUSY_S:
                state.note = CATCHING_UP
                return
        state.note = ""
        if ended and not self._ended:
            self._ended, state.mode = True, ENDED
        if not ended:
            state.reach(time.time_ns())
        if began_s >= self._account_s and not self._ended:
            self._account_s = began_s + ACCOUNT_S
            state.loss = _loss(self._followed)

    def again(self) -> None:
        """There is no way back."""


def _loss(followed: Followed) -> Mapping[str, int]:
    try:
        return followed.account().lost
    except (OSError, ValueError):  # its accounts are not there yet, or no longer
        return {}


class ReplayFeed:
    """`begun` gives a new state."""

    def __init__(self, replay: Replay, begun: Callable[[], State]) -> None:
        self._replay, self._begun = replay, begun

    def advance(self, state: State, speed: float, passed_s: float) -> None:
        state.mode = ENDED if self._replay.is_over else REPLAYED
        if self._replay.is_over:
            return
        at_ns = min(self._replay.at_ns + int(passed_s * speed * 1e9), self._replay.end_ns)
        state.add(self._replay.upto(at_ns))
        state.reach(at_ns)

    def again(self) -> State:
        self._replay.at_ns = self._replay.start_ns
        return self._begun()
