"""The parts of the text report, in their order."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from aklo_analysis.report import Report
from aklo_analysis.reporters.page import Page
from aklo_analysis.reporters.sections import (
    calls,
    code,
    files,
    function_calls,
    header,
    quality,
    time,
)

Section = Callable[[Report, Page], None]

SECTIONS: Final[tuple[Section, ...]] = (
    header.header,
    time.times,
    code.functions,
    code.lines,
    function_calls.function_calls,
    time.programs,
    calls.operations,
    files.files,
    files.directories,
    time.processes,
    calls.slowest,
    calls.failures,
    quality.quality,
)
