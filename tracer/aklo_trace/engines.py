"""The engines there are, best first, and the choice among them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from aklo_trace.bcc.engine import BccEngine
from aklo_trace.ebpf.engine import EbpfEngine
from aklo_trace.engine import CaptureEngine
from aklo_trace.errors import CorruptTrace, EngineUnavailable, UsageError
from aklo_trace.strace.engine import StraceEngine

ENGINES: Final[tuple[CaptureEngine, ...]] = (EbpfEngine(), BccEngine(), StraceEngine())
AUTO: Final = "auto"


@dataclass(frozen=True, slots=True)
class Choice:
    """An engine, and one sentence that says why it and no better one."""

    engine: CaptureEngine
    reason: str


def engine_named(name: str) -> CaptureEngine:
    """Raises CorruptTrace for a name that no engine has."""
    for engine in ENGINES:
        if engine.name == name:
            return engine
    raise CorruptTrace(f"The trace names an engine '{name}' that this aklo-trace does not have.")


def check(wanted: str) -> None:
    """Raises UsageError for a name that is neither an engine's nor ``auto``."""
    names = [engine.name for engine in ENGINES]
    if wanted not in {AUTO, *names}:
        raise UsageError(
            f"--engine: there is no engine '{wanted}'. Choose {AUTO} or one of {', '.join(names)}."
        )


def choose(wanted: str) -> Iterator[Choice]:
    """The engines to try, best first, each looked at only when those before it would not do.

    Raises EngineUnavailable after the last one if none could run.
    """
    refused: list[str] = []
    fixes: list[str] = []
    usable = False
    for engine in (engine for engine in ENGINES if wanted in (AUTO, engine.name)):
        capability = engine.probe()
        if capability.usable:
            why = "asked for" if wanted != AUTO else "; ".join([*refused, capability.reason])
            usable = True
            yield Choice(engine, why)
        else:
            refused.append(f"{engine.name} cannot run: {capability.reason}")
            fixes.append(capability.fix)
    if not usable:
        raise EngineUnavailable(
            f"No engine can run here: {'; '.join(refused)}. To do: {', or '.join(fixes)}."
        )
