"""Digests: what is compared with what, and how it is written and scheduled."""

from __future__ import annotations

import io
import os
import re
import shlex
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from aklo_analysis.reporters.digest import FORMATS, write
from aklo_analysis.reporters.options import Options
from aklo_trace import schedule
from aklo_trace.digest import Digest, digest
from aklo_trace.errors import StoreError, UsageError
from aklo_trace.meta import Meta
from aklo_trace.quantity import DAY_NS
from aklo_trace.summary import AlertState, CacheUse, FoundIssue, TraceSummary, of_meta

NOW_NS = 1_800_000_000 * 10**9
MS = 1_000_000
HOSTILE = "evil\x1b[2J<script>|`\n"
CODE = re.compile(r"``.*?``")
"""In Markdown, where nothing has a meaning but an end of the line."""
HARMLESS = {
    "text": "evil\\x1b[2J<script>|`\\n",
    "markdown": r"evil\\x1b\[2J\<script\>\|\`\\n",
    "html": "evil\\x1b[2J&lt;script&gt;|`\\n",
}
SLOW = FoundIssue("SH01", "high", "sed started 9 times", "render", "/a.sh", 7, 90 * MS, 0.5)


def ran(days_ago: float, wall_ms: int, command: str = "aklo status", **facts: Any) -> TraceSummary:
    meta = Meta("ebpf", "", tuple(command.split()), "/", NOW_NS - int(days_ago * DAY_NS))
    known = replace(of_meta(meta), wall_ns=wall_ms * MS, is_analysed=True, complete=True)
    return replace(known, exit_status=0, size_bytes=1000, **facts)


def made(*traces: TraceSummary, gone: tuple[TraceSummary, ...] = (), period: str = "day") -> Digest:
    return digest(traces, gone, period, NOW_NS)


def written(found: Digest, form: str) -> str:
    stream = io.StringIO()
    write(found, form, stream, Options(width=None))
    return stream.getvalue()


def test_what_got_slower_comes_first_and_is_named() -> None:
    found = made(
        *(ran(days, 100) for days in (2, 3, 20)),
        *(ran(days, 500, "aklo new") for days in (2, 3)),
        ran(0.5, 200),
        ran(0.6, 220),
        ran(0.5, 100, "aklo new"),
        ran(0.1, 50, "aklo --help"),
    )
    slower, fresh, faster = found.commands
    assert (slower.command, slower.runs, slower.before_ns) == ("aklo status", 2, 100 * MS)
    assert (slower.is_slower, faster.is_faster) == (True, True)
    assert (fresh.command, fresh.before_ns, fresh.change) == ("aklo --help", None, None)
    text = written(found, "text")
    assert "Slower     aklo status +110%" in text
    assert "Faster     aklo new -80%" in text


def test_a_little_is_no_change() -> None:
    (row,) = made(ran(2, 10), ran(0.5, 25)).commands
    assert not row.is_slower  # by 15 ms, however large a share that is
    (row,) = made(ran(2, 1000), ran(0.5, 1050)).commands
    assert not row.is_slower


def test_periods_end_where_they_are_asked_to() -> None:
    traces = [ran(days, 100) for days in (0.5, 3, 10, 40)]
    assert made(*traces).traces == 1
    week = made(*traces, period="week")
    assert (week.traces, week.commands[0].before_ns) == (2, 100 * MS)
    assert digest(traces, (), "day", NOW_NS - 2 * DAY_NS - DAY_NS // 2).traces == 1


def test_removed_traces_count_as_others_do() -> None:
    found = made(ran(0.5, 300), gone=(ran(0.6, 100), ran(3, 100)))
    assert (found.traces, found.removed) == (2, 1)
    assert found.commands[0].before_ns == 100 * MS
    assert (found.size_bytes, found.added_bytes) == (1000, 1000)


def test_a_finding_is_new_if_its_command_had_none_like_it() -> None:
    moved = replace(SLOW, line=99)
    known = made(ran(2, 100, findings=(SLOW,)), ran(0.5, 100, findings=(moved,)))
    assert known.findings == ()
    other = replace(SLOW, function="other")
    (new,) = made(ran(2, 100, findings=(SLOW,)), ran(0.5, 100, findings=(other,))).findings
    assert new.finding == other
    assert made(ran(0.5, 100, findings=(SLOW,))).findings == ()  # of a command that is new


def test_caches_and_alerts_are_summed() -> None:
    uses = [CacheUse("parsed", 10, hits, -MS, 64, None) for hits in (9, 5, 4)]
    alert = AlertState("slow", "critical", "raised", "it was slow")
    cleared = replace(alert, name="over", state="cleared")
    found = made(
        ran(3, 100, caches=(uses[0],)),
        ran(0.5, 100, caches=(uses[1],), alerts=(alert, cleared)),
        ran(0.4, 100, caches=(uses[2],), alerts=(alert,)),
    )
    (cache,) = found.caches
    assert (cache.now.hit_ratio, cache.now.saved_ns) == (0.45, -2 * MS)
    assert cache.before == uses[0]
    (row,) = found.alerts
    assert (row.name, row.traces) == ("slow", 2)


@pytest.mark.parametrize("form", FORMATS)
def test_it_is_written_in_every_form_and_nothing_hostile_with_it(form: str) -> None:
    finding = replace(SLOW, function=HOSTILE, file=HOSTILE, title=HOSTILE)
    alert = AlertState(HOSTILE, HOSTILE, "raised", HOSTILE)
    use = CacheUse(HOSTILE, 1, 1, None, None, None)
    facts = {"command": HOSTILE, "alerts": (alert,), "caches": (use,)}
    traces = [replace(ran(2, 10), **facts), replace(ran(0.5, 99), findings=(finding,), **facts)]
    text = written(made(*traces), form)
    assert "\x1b" not in text
    assert text.count(HARMLESS[form]) >= 8
    assert "evil" not in CODE.sub("", text).replace(HARMLESS[form], "")
    assert "Nothing was traced" in written(made(), form)


CRONTAB = """\
grep -q 'NoNewPrivs:.*0' /proc/self/status || exit 9
case $1 in
    -l) [ -e "$TABLE" ] || { echo 'no crontab for me' >&2; exit 1; }; cat "$TABLE" ;;
    -) cat > "$TABLE" ;;
esac
"""


@pytest.fixture
def tools(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A crontab that keeps its lines in a file, as setgid programs where it must be able to win
    privilege, and a systemctl that works."""
    for name, text in (
        ("crontab", CRONTAB),
        ("systemctl", 'echo "$*" >> "$TABLE.said"'),
    ):
        path = tmp_path / "bin" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"#!/bin/sh\n{text}\n")
        path.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}/bin:{os.environ['PATH']}")
    monkeypatch.setenv("TABLE", str(tmp_path / "table"))
    return tmp_path


COMMAND = ("python3", "-m", "aklo_trace", "digest", "-o", "100% mine")


def test_a_line_of_the_crontab_comes_and_goes_alone(tools: Path) -> None:
    table = tools / "table"
    table.write_text("1 2 3 4 5 mine\n")
    for _ in range(2):
        schedule.install("cron", COMMAND, "week", tools)
    mine, ours = table.read_text().splitlines()
    assert mine == "1 2 3 4 5 mine"
    assert ours.startswith("5 0 * * 1 cd ")
    assert "'100\\% mine'" in ours
    assert [*schedule.remove(tools)] == ["the line of your crontab"]
    assert table.read_text() == "1 2 3 4 5 mine\n"
    assert [*schedule.remove(tools)] == []


def test_other_lines_stay_to_the_byte(tools: Path) -> None:
    mine = "# \u2028 \x85\r\n\n".encode() + b"* * * * * \xff\n"
    (tools / "table").write_bytes(mine)
    schedule.install("cron", COMMAND, "day", tools)
    assert (tools / "table").read_bytes().startswith(mine)
    assert [*schedule.remove(tools)]
    assert (tools / "table").read_bytes() == mine


@pytest.mark.parametrize("refusal", ["echo no >&2; exit 1", "exec sleep 600"])
def test_a_table_that_cannot_be_read_is_not_replaced(
    tools: Path, monkeypatch: pytest.MonkeyPatch, refusal: str
) -> None:
    monkeypatch.setattr(schedule, "TIMEOUT_S", 1)
    path = tools / "bin" / "crontab"
    path.write_text(path.read_text().replace("-l)", f"-l) {refusal};"))
    (tools / "table").write_text("mine\n")
    with pytest.raises(StoreError, match="crontab"):
        schedule.install("cron", COMMAND, "day", tools)
    with pytest.raises(StoreError, match="crontab"):
        [*schedule.remove(tools)]
    assert (tools / "table").read_text() == "mine\n"


def test_one_schedule_replaces_the_other(tools: Path) -> None:
    folder = tools / "systemd" / "user"
    schedule.install("cron", COMMAND, "day", tools)
    schedule.install("systemd", COMMAND, "week", tools)
    assert (tools / "table").read_text() == ""
    schedule.install("cron", COMMAND, "day", tools)
    assert list(folder.iterdir()) == []
    assert len((tools / "table").read_text().splitlines()) == 1


def test_the_verb_schedules_by_what_is_setgid(tools: Path) -> None:
    words = [sys.executable, "-P", "-m", "aklo_trace", "digest"]

    def run(*more: str) -> str:
        return subprocess.run(
            [*words, *more],
            cwd=tools,
            env={**os.environ, "HOME": str(tools)},
            check=True,
            capture_output=True,
            text=True,
        ).stdout

    assert "a line of your crontab" in run("--schedule", "--by", "cron", "-o", "here")
    (line,) = (tools / "table").read_text().splitlines()
    assert f"{shlex.join(words)} --period day" in line
    assert run("--unschedule") == "removed: the line of your crontab\n"


@pytest.mark.parametrize("way", schedule.WAYS)
def test_what_would_end_a_line_is_not_scheduled(
    tools: Path, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    folder = tools / "a\nExecStartPre=touch pwned"
    folder.mkdir()
    with pytest.raises(UsageError, match="not printable"):
        schedule.install(way, ("digest", "-o", "a\n* * * * * b"), "day", tools)
    monkeypatch.chdir(folder)
    with pytest.raises(UsageError, match="not printable"):
        schedule.install(way, COMMAND, "day", tools)
    assert not (tools / "table").exists()
    assert not (tools / "systemd").exists()


def test_a_timer_runs_where_it_was_asked_for(tools: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tools / "100% $mine \\"
    folder.mkdir()
    monkeypatch.chdir(folder)
    schedule.install("systemd", COMMAND, "day", tools)
    text = (tools / "systemd" / "user" / "aklo-trace-digest.service").read_text()
    assert f"\nWorkingDirectory={tools}/100%% $mine \\/\nExecStart=" in text


def test_a_timer_comes_and_goes(tools: Path) -> None:
    assert schedule.way_here() == "systemd"
    assert schedule.install("systemd", COMMAND, "day", tools).endswith("aklo-trace-digest.timer")
    folder = tools / "systemd" / "user"
    assert "OnCalendar=daily" in (folder / "aklo-trace-digest.timer").read_text()
    assert '"100%% mine"' in (folder / "aklo-trace-digest.service").read_text()
    assert "enable --now" in (tools / "table.said").read_text()
    assert len([*schedule.remove(tools)]) == 2
    assert list(folder.iterdir()) == []


def test_a_unit_of_somebody_else_is_left_alone(tools: Path) -> None:
    path = tools / "systemd" / "user" / "aklo-trace-digest.timer"
    path.parent.mkdir(parents=True)
    path.write_text("mine")
    with pytest.raises(StoreError, match="left alone"):
        schedule.install("systemd", COMMAND, "day", tools)
    assert [*schedule.remove(tools)] == [str(path.with_suffix(".service"))]
    assert path.read_text() == "mine"
