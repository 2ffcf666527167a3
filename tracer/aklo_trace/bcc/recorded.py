"""A recording of the engine `bcc`: that of `ebpf`, with what it lacks said."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Final

from aklo_trace.ebpf.reading import EbpfRecorded
from aklo_trace.engine import Account, Feature

NO_DATA: Final = {Feature.ATTACH, Feature.PROGRAM_FILTER}
"""Features that no column is missing without."""


class BccRecorded(EbpfRecorded):
    def __init__(self, live: Path, lacks: frozenset[Feature]) -> None:
        super().__init__(live)
        self._lacks = [feature for feature in Feature if feature in lacks - NO_DATA]

    def account(self) -> Account:
        account = super().account()
        unknown = f"The engine bcc cannot see: {', '.join(self._lacks)}."
        return replace(account, notes=(unknown, *account.notes))
