"""From the frames of a trace to findings and reports.

What a notebook needs is here by name, see docs/notebook.md; it is imported when it is asked for.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from aklo_analysis.fleet import Fleet, open_traces
    from aklo_analysis.trace import Trace, analyse, as_frame, open_trace

MODULES: Final = {
    "Fleet": "fleet",
    "Trace": "trace",
    "analyse": "trace",
    "as_frame": "trace",
    "open_trace": "trace",
    "open_traces": "fleet",
}
__all__ = ["Fleet", "Trace", "analyse", "as_frame", "open_trace", "open_traces"]


def __getattr__(name: str) -> Any:
    if name not in MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{MODULES[name]}"), name)
