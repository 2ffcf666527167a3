"""What formats say of a trace and its findings in words."""

from __future__ import annotations

import os
from collections.abc import Iterator

from aklo_analysis.exports.export import Choice
from aklo_analysis.rules.finding import Finding
from aklo_analysis.units import duration
from aklo_trace.escape import escape, escape_command
from aklo_trace.meta import Meta


def title(meta: Meta) -> str:
    """The command that was traced, or what a trace of no command is of."""
    return escape_command(meta.argv) or f"trace of {meta.started_at}"


def script_of(meta: Meta) -> str:
    """The file that the command was named by, as far as that can be told."""
    name = meta.argv[0] if meta.argv else "."
    return os.path.join(meta.cwd or "", name) if "/" in name else name  # noqa: PTH118


def said(finding: Finding) -> str:
    """A finding in sentences, without its place."""
    return f"{escape(finding.title[:1].upper() + finding.title[1:])}. {advised(finding)}"


def advised(finding: Finding) -> str:
    """What to do about it and what that saves, in sentences."""
    return " ".join(_advised(finding))


def _advised(finding: Finding) -> Iterator[str]:
    yield escape(finding.advice)
    if finding.saving_ns:
        saving, share = duration(finding.saving_ns), int(100 * finding.share)
        yield f"That saves {saving}, {share}% of the wall time."
    if finding.evidence:
        yield f"Seen: {escape('; '.join(finding.evidence))}."


def root_of(meta: Meta, choice: Choice) -> str | None:
    """The directory that paths are to be relative to."""
    return choice.root or meta.cwd
