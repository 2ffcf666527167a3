"""What turns a `Report` into text: each takes one report, a stream and `Options`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Final, TextIO

from aklo_analysis.reporters.options import Options

if TYPE_CHECKING:
    from aklo_analysis.report import Report

Reporter = Callable[["Report", TextIO, Options], None]


@dataclass(frozen=True, slots=True)
class Writer:
    """The function `write` of a module of this package, which is imported when it is needed: who
    draws something else with what is here shall not have to wait for pandas."""

    module: str

    def __call__(self, report: Report, stream: TextIO, options: Options) -> None:
        import_module(f"{__name__}.{self.module}").write(report, stream, options)


REPORTERS: Final[dict[str, Reporter]] = {
    "text": Writer("text"),
    "json": Writer("json"),
    "markdown": Writer("markdown"),
    "html": Writer("html"),
}
"""By the name that ``--format`` takes."""

__all__ = ["REPORTERS", "Options", "Reporter"]
