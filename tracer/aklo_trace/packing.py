"""How the tables of a trace are packed: how well, and into files of which size."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from aklo_trace.quantity import MOST

if TYPE_CHECKING:
    from aklo_trace.config.configuration import Configuration


@dataclass(frozen=True, slots=True)
class Packing:
    """A file of a table is closed, and the next one begun, when it has `segment_bytes` or covers
    `segment_ns` of the trace, whichever is first."""

    zstd_level: int = 3
    segment_bytes: int = 64 << 20
    segment_ns: int = 3600 * 10**9


STANDARD: Final = Packing()


def packing_of(configuration: Configuration) -> Packing:
    """As it is configured, where 0 is no limit."""
    return Packing(
        zstd_level=configuration.value("trace.zstd_level", int),
        segment_bytes=configuration.value("trace.segment_size", int) or MOST,
        segment_ns=configuration.value("trace.segment_age", int) or MOST,
    )
