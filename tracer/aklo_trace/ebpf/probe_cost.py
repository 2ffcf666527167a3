"""What a recording with --function-calls probed, and what that cost, in words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from aklo_trace.ebpf.devices import unpacked


@dataclass(frozen=True)
class Probes:
    """`shells` are the probed files, by device as makedev(3) and inode. A hit takes `trap_ns` to
    get into the kernel and back, as measured on this machine; None if it was not. `trial_hits`
    were made to find that out."""

    shells: frozenset[tuple[int, int]]
    trap_ns: int | None
    trial_hits: int

    @classmethod
    def of(cls, told: dict[str, Any] | None) -> Probes | None:
        """As the recording's session has written it; None if nothing was probed."""
        if told is None:
            return None
        shells = frozenset((unpacked(dev), inode) for dev, inode in told["probed"])
        return cls(shells, told["trap_ns"], told["trial_hits"])

    def cost(self, hits: int, program_ns: int, others: int) -> str:
        """A sentence about `hits` by traced processes that took `program_ns` within the programs
        that they ran, and hits by `others`."""
        others_said = f"Other processes hit them {others - self.trial_hits:,} times."
        if self.trap_ns is None:
            return (
                f"Function calls were recorded by {hits:,} hits of probes, which cost "
                f"{_ms(program_ns)} and what it takes to enter the kernel as often. {others_said}"
            )
        total_ns = program_ns + hits * self.trap_ns
        return (
            f"Function calls were recorded by {hits:,} hits of probes, which cost about "
            f"{_ms(total_ns)} of the command's time: {self.trap_ns / 1000:.1f} µs each to enter "
            f"and leave the kernel, and {_ms(program_ns)} there. {others_said}"
        )


def _ms(ns: int) -> str:
    return f"{ns / 1e6:,.1f} ms"
