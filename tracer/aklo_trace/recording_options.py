"""The options of every command that records."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Final

from aklo_trace import filter
from aklo_trace.engine import SAMPLE_HZ, CaptureOptions
from aklo_trace.errors import UsageError
from aklo_trace.presentation import FORMATS, NO_REPORT, TEXT, add_options

SIZES: Final = {"K": 1 << 10, "M": 1 << 20, "G": 1 << 30}
MOST_SAMPLES: Final = 10_000
SMALLEST_RING, LARGEST_RING = 4 << 10, 1 << 30


def add_recording_options(parser: argparse.ArgumentParser) -> None:
    """Where the trace goes, what is captured, and which report is printed."""
    add = parser.add_argument
    add("-o", "--output", metavar="DIR", type=Path, help="where to put the trace")
    add("--force", action="store_true", help="replace a trace that is there")
    add_capture_options(parser)
    add(
        "--function-calls",
        action="store_true",
        help="record every call of a bash function, at the cost of some microseconds each",
    )
    add("--format", choices=(*FORMATS, NO_REPORT), help=f"of the report (default: {TEXT})")
    add("-q", "--quiet", action="store_true", help="print errors, and a report only with --format")
    add_options(parser)


def add_capture_options(parser: argparse.ArgumentParser) -> None:
    """What is captured."""
    add = parser.add_argument
    add(
        "--syscalls",
        metavar="WORD",
        action="append",
        default=[],
        help="record only these calls or classes of calls (!WORD: all but these)",
    )
    add(
        "--programs",
        metavar="NAME",
        action="append",
        default=[],
        help="record only calls of processes with this name",
    )
    add(
        "--sample-hz",
        metavar="HZ",
        type=int,
        help=f"how often to look at what runs between calls (default: {SAMPLE_HZ}; 0: never)",
    )
    add(
        "--attribution",
        action=argparse.BooleanOptionalAction,
        help="look up which function and line of a shell makes a call (default: yes)",
    )
    add(
        "--no-off-cpu",
        action="store_true",
        help="do not record when threads have no CPU, and who wakes them",
    )
    add("--ring-size", metavar="SIZE", help="memory for events, per CPU (default: 8M)")


def capture_options(options: argparse.Namespace) -> CaptureOptions:
    """Raises UsageError."""
    if not 0 <= options.sample_hz <= MOST_SAMPLES:
        raise UsageError(
            f"--sample-hz: {options.sample_hz} is not from 0 (never) to {MOST_SAMPLES}."
        )
    if options.function_calls and not options.attribution:
        raise UsageError("--function-calls needs what --no-attribution leaves out.")
    return CaptureOptions(
        function_calls=options.function_calls,
        off_cpu=not options.no_off_cpu,
        sample_hz=options.sample_hz,
        attribution=options.attribution,
        ring_bytes=_size(options.ring_size) if options.ring_size else None,
        filter=filter.parse(options.syscalls, options.programs),
    )


def filter_words(options: argparse.Namespace) -> tuple[str, ...]:
    """What was asked to be recorded, for the meta of the trace."""
    return (*options.syscalls, *(f"program {name}" for name in options.programs))


def _size(text: str) -> int:
    unit = SIZES.get(text[-1:].upper(), 1)
    digits = text[:-1] if text[-1:].upper() in SIZES else text
    size = int(digits) * unit if digits.isdecimal() else 0
    if not SMALLEST_RING <= size <= LARGEST_RING:
        raise UsageError(f"--ring-size: '{text}' is not a size from 4K to 1G, such as 512K or 8M.")
    return size
