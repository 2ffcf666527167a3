"""Recordings of scripts that have caches, and what a report tells of these."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Final

from aklo_analysis.caches import configured
from aklo_analysis.caches.cache import STATUS, Cache
from aklo_analysis.report import Report, build
from aklo_analysis.tables.caches import CacheRow
from aklo_trace.config import toml_file
from aklo_trace.config.configuration import resolved
from aklo_trace.config.entry import BY_DEFAULT

from .recording import AS_ROOT, Recorder, Recording

EXAMPLE: Final = Path(__file__).parents[2] / "examples" / "aklo"
UNTRACKED: Final = shutil.ignore_patterns(".aklo_cache", ".aklo_metrics")
FUNCTION: Final = "look_up_value"
LOADS: Final = """
declare -A known=()
look_up_value() {{ {call}[[ -n ${{known[$1]:-}} ]]; }}
value() {{ look_up_value "$1" || {{ stat /; known[$1]=1; }}; [[ -d /tmp ]]; }}
for round in 1 2 3 4; do value a; value b; done
found=$(look_up_value a) || true
found=$(look_up_value c) || true
"""
"""Looks up ten values, three of which are not there."""


def recorded(record: Recorder, name: str, folder: Path, script: str, *options: str) -> Recording:
    """The recording of a script in a folder."""
    folder.mkdir(exist_ok=True, parents=True)
    (folder / "all.sh").write_text(script)
    options = (*options, *AS_ROOT)
    recording = record("bash", "all.sh", name=name, options=options, cwd=folder)
    assert recording.status == 0, recording.stderr
    return recording


def of_function(record: Recorder, script: str, *options: str, answer: str = STATUS) -> CacheRow:
    """What is told of a cache that `FUNCTION` answers for."""
    recording = recorded(record, "functions", record.folder, script, *options)
    cache = Cache("values", function=FUNCTION, answer=answer)
    (row,) = build(recording.trace, known_caches=[cache]).caches
    return row


def answers(row: CacheRow) -> tuple[int, int, int, bool]:
    return row.hits, row.misses, row.unjudged, row.uncounted


def example(record: Recorder, arguments: str, *options: str) -> Report:
    """The report of the example tool in its sample project, which no run has used before."""
    project = Path(shutil.copytree(EXAMPLE, record.folder / "tool", ignore=UNTRACKED), "project")
    scans = str(record.folder / "scans")
    own = {"TMPDIR": str(record.folder), "AKLO_SCAN_CACHE_DIR": scans}
    recording = record(
        *("bash", "-c", f"../bin/aklo {arguments}"),
        options=(*options, *AS_ROOT),
        cwd=project,
        env={**record.environ, **own},
    )
    assert recording.status == 0, recording.stderr
    entries, _ = toml_file.read(f'[cache]\nscan_dir = "{scans}"\n', BY_DEFAULT)
    known, _ = configured.caches(resolved(entries))
    return build(recording.trace, known_caches=known)
