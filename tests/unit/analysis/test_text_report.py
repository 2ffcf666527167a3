"""The text report: its look, and that nothing in it can harm a terminal.

After an intended change, ``UPDATE_GOLDEN=1 pytest tests/unit/analysis`` writes the golden files
anew; read their diff.
"""

from __future__ import annotations

import io
import os
import re
from pathlib import Path

import pytest

from aklo_analysis.activity import ACTIVITIES
from aklo_analysis.report import build
from aklo_analysis.reporters import REPORTERS, Options
from aklo_analysis.reporters.clip import columns
from aklo_analysis.reporters.ink import STYLES
from aklo_analysis.tables.times import OUTSIDE
from aklo_trace import syscalls
from aklo_trace.contents import KEYS
from aklo_trace.meta import ORDER
from aklo_trace.schema import SiteFlag
from aklo_trace.script_content import digest

from .sample import HOSTILE, sample_trace
from .synthetic_trace import MS, SyntheticTrace

GOLDEN = Path(__file__).parent / "golden"
SGR = re.compile(r"\x1b\[[0-9;]*m")


def text(options: Options, trace: SyntheticTrace | None = None, top: int = 6) -> str:
    stream = io.StringIO()
    REPORTERS["text"](build(trace or sample_trace(), top), stream, options)
    return stream.getvalue()


def grouped(keys: str, trace: SyntheticTrace, width: int | None = 80, top: int = 6) -> str:
    stream = io.StringIO()
    report = build(trace, top, by=keys.split(","))
    REPORTERS["text"](report, stream, Options(width, sections=("by",)))
    return stream.getvalue()


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("report-80.txt", Options()),
        ("report-ascii.txt", Options(utf8=False)),
        ("report-piped.txt", Options(width=None)),
        ("report-color.txt", Options(color=True)),
    ],
)
def test_the_report_looks_as_it_should(name: str, options: Options) -> None:
    found, path = text(options), GOLDEN / name
    if os.environ.get("UPDATE_GOLDEN"):
        path.write_text(found, encoding="utf-8")
    assert found == path.read_text(encoding="utf-8")


@pytest.mark.parametrize("width", [60, 80, 81, 120, 132])
def test_no_line_is_longer_than_the_terminal_is_wide(width: int) -> None:
    assert max(map(columns, text(Options(width)).splitlines())) <= width


@pytest.mark.parametrize("width", [44, 60])
def test_on_a_narrow_terminal_places_of_code_are_told_apart(width: int) -> None:
    found = text(Options(width))
    for title in "BY FUNCTION", "TOP LINES":
        lines = section(found, title).splitlines()
        assert max(map(columns, lines)) <= width
        assert any("/aklo/bin/aklo" in line for line in lines)


def test_nothing_is_cut_where_there_is_no_terminal() -> None:
    found = text(Options(width=None), top=100)
    assert "…" not in found
    assert "sed -n 's/^title: *//p' /home/dev/project/backlog/item-27.md" in found


def test_colour_adds_nothing_but_colour() -> None:
    assert SGR.sub("", text(Options(color=True))) == text(Options())


def test_only_the_styles_of_the_palette_reach_the_terminal() -> None:
    known = {f"\x1b[{code}m" for code in STYLES.values()} | {"\x1b[0m"}
    assert set(SGR.findall(text(Options(color=True)))) <= known


def test_without_utf8_all_is_ascii() -> None:
    assert text(Options(utf8=False)).isascii()


@pytest.mark.parametrize("width", [80, None])
def test_hostile_names_are_shown_and_do_nothing(width: int | None) -> None:
    trace = SyntheticTrace()
    trace.facts = {"argv": (HOSTILE,), "engine_reason": HOSTILE, "notes": (HOSTILE,)}
    trace.facts |= {"complete": False, "incomplete_reason": HOSTILE, "loss": {HOSTILE: 1}}
    trace.image(trace.process(10, 0, 9 * MS), 0, f"/bin/{HOSTILE}", HOSTILE)
    call = {"file_id": trace.file(HOSTILE), "image_id": 0, "errno": 2}
    trace.call(10, "openat", 1 * MS, 1 * MS, **call)
    found = text(Options(width), trace)
    lines = found.split("\n")
    assert all(line.isprintable() for line in lines)
    assert sum(line.startswith("Exit") or line.startswith("  Exit") for line in lines) == 1
    assert "\\x1b[2J" in found


def test_an_empty_trace_has_a_report() -> None:
    found = text(Options(), SyntheticTrace())
    assert "Syscalls   0 (0 failed, 0 lost)" in found


def test_a_trace_without_a_wall_time_has_a_report() -> None:
    trace = sample_trace()
    trace.facts["wall_ns"] = None
    assert "Wall time  unknown" in text(Options(), trace)


@pytest.mark.parametrize(("number", "name"), [(9, "SIGKILL"), (40, "SIGRTMIN+6"), (99, "unknown")])
def test_a_signal_is_named(number: int, name: str) -> None:
    trace = SyntheticTrace(facts={"exit_status": None, "signal": number})
    assert f"killed by signal {number} ({name})" in text(Options(), trace)


def test_the_first_lines_say_what_matters_most() -> None:
    first = "\n".join(text(Options(width=None)).splitlines()[:11])
    assert "Incomplete 12 of 212 calls were lost" in first
    assert "Spent on   64% computing in the shell, 21% pipes" in first
    assert "Lines      66% new.sh:31" in first
    assert "Programs   93% aklo (bash), 5% sed" in first
    assert "Work       1.08s: 83% blocked by page faults, 11% computing" in first
    assert "Waiting    722ms: 44% for pipe input, 26% for a timer (sleep)" in first
    assert "Stopped    210ms" in first


def test_what_is_nothing_is_not_said() -> None:
    trace = SyntheticTrace()
    trace.image(trace.process(10, 0, 9 * MS, utime_ns=9 * MS, run_delay_ns=0), 0, "/bin/sh")
    found = text(Options(), trace)
    for word in ("Waiting", "Stopped", "Programs", "waiting", "stopped", "faults", "side by side"):
        assert word not in found
    assert "1 (1 program started)" in found


def test_a_process_that_was_mostly_another_program_says_so() -> None:
    trace = SyntheticTrace()
    trace.image(trace.process(10, 0, 9 * MS), 0, "/bin/sh")
    trace.image(10, 8 * MS, "/bin/cat", "cat", "x")
    assert "  (mostly sh) cat x" in text(Options(), trace)
    trace.image(10, 1 * MS, "/bin/cat", "cat", "x")
    assert "  cat x" in section(text(Options(), trace), "TOP PROCESSES")


def test_waiting_that_is_no_hundredth_of_the_time_is_not_in_the_first_lines() -> None:
    trace = SyntheticTrace(wall_ns=900 * MS)
    trace.image(trace.process(10, 0, 900 * MS), 0, "/bin/sh")
    trace.call(10, "wait4", 1 * MS, 8 * MS)
    assert "Waiting  " not in text(Options(), trace)
    trace.call(10, "wait4", 10 * MS, 1 * MS)
    assert "Waiting    9.00ms: 100% for child processes" in text(Options(), trace)


def everything() -> SyntheticTrace:
    """A trace with every kind of time there is."""
    trace = SyntheticTrace()
    trace.image(trace.process(10, 0, 900 * MS, utime_ns=9 * MS, run_delay_ns=MS), 0, "/bin/sh")
    trace.process(11, 0, 900 * MS, parent_proc_id=10, utime_ns=9 * MS, stopped_ns=20 * MS)
    trace.process(12, 0, 900 * MS, parent_proc_id=10)
    media = [("/x", "regular"), (None, "pipe"), (None, "socket"), ("/dev/pts/1", "terminal")]
    files = [trace.file(path, kind) for path, kind in [*media, (None, "anonymous"), (None, None)]]
    for number, call in enumerate(syscalls.table()):
        for place, file in enumerate(files):
            at = number * len(files) + place
            trace.call(10, call.name, at * 100_000, 90_000, fd=3, file_id=file, image_id=0)
    trace.call(10, "brand_new_call", 999 * MS, 90_000)
    return trace


@pytest.mark.parametrize("width", [60, 80, 120])
@pytest.mark.parametrize("filtered", [(), ("read",)])
def test_no_kind_of_time_is_cut(width: int, filtered: tuple[str, ...]) -> None:
    trace = everything()
    trace.facts = {"filter": filtered}
    found = text(Options(width), trace, top=100)
    part = section(found, "WHERE THE TIME WENT")
    assert "…" not in part
    for activity in ACTIVITIES:
        assert activity.title in part
    for key, title in OUTSIDE.items():
        assert filtered or key == "unrecorded_cpu" or title in part
    assert ("unknown: in calls not recorded" in part) == bool(filtered)
    assert "stopped (job control)" in part
    assert ("█" in part) == (width > 60)


@pytest.mark.parametrize("width", [60, 80, 120])
def test_in_the_table_of_operations_nothing_is_cut(width: int) -> None:
    part = section(text(Options(width)), "I/O OPERATIONS")
    assert "…" not in part
    for name in ("read (pipe)", "read (?)", "write (tty)", "other calls", "other waits"):
        assert name in part


def test_numbers_and_units_are_one_word() -> None:
    found = text(Options(width=None), top=100)
    assert re.findall(r"\d (?:[num]?s|µs|%|B|[KMG]iB)\b", found) == []
    assert re.findall(r"\d+(?:ms|µs)\b", found) != []


def test_of_a_file_without_a_path_the_report_says_what_is_known() -> None:
    trace = SyntheticTrace()
    trace.image(trace.process(10, 0, 9 * MS), 0, "/bin/sh")
    trace.call(10, "fstat", 1 * MS, 100, fd=3, file_id=trace.file("", None))
    trace.call(10, "fstat", 2 * MS, 99, fd=4, file_id=trace.file(None, "socket"))
    trace.call(10, "fstat", 3 * MS, 98, fd=5, errno=9)
    found = text(Options(), trace)
    slowest = section(found, "SLOWEST CALLS")
    assert re.findall(r"\(.*\)", slowest) == ["(fd 3)", "(socket, fd 4)", "(fd 5)"]
    assert "(fd 5)" in section(found, "FAILED CALLS")
    files = section(found, "TOP FILES")
    assert "(unknown files)" in files


WHOLE = ("SLOWEST", "WHAT TO CHANGE", "WHERE THE WALL", "CACHES")
"""What is shown whole, or says in another way what it leaves out."""


def test_every_table_says_how_much_it_leaves_out() -> None:
    found = text(Options(), top=1)
    for section in re.split("\n\n", found)[1:-1]:
        if not section.startswith(WHOLE):
            assert re.search(r" \d+ more$", section, re.MULTILINE), section


def test_what_is_unknown_has_rows_of_its_own() -> None:
    trace = SyntheticTrace()
    trace.image(trace.process(10, 0, 9 * MS, signal=15), 0, None)
    trace.call(10, "openat", 1 * MS, 1 * MS, file_id=trace.file("relative"), image_id=0)
    trace.call(99, "read", 1 * MS, 1 * MS, fd=3)
    found = text(Options(), trace)
    assert "(unknown)" in section(found, "BY PROGRAM")
    assert "(unknown)" in section(found, "TOP PROCESSES")
    assert "(unknown files)" in section(found, "TOP FILES")
    assert "(in unknown directories)" in section(found, "TOP DIRECTORIES")
    assert "SIGTERM" in section(found, "TOP PROCESSES")


def section(report: str, title: str) -> str:
    return next(part for part in report.split("\n\n") if part.startswith(title))


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("open", "read"), "only open, read"),
        (("!memory",), "all but memory"),
        (("!memory", "!ipc", "program cat"), "only program cat, but not memory, ipc"),
    ],
)
def test_a_filtered_trace_says_so(words: tuple[str, ...], said: str) -> None:
    trace = SyntheticTrace(facts={"filter": words})
    trace.process(10, 0, 1000 * MS, utime_ns=200 * MS)
    found = text(Options(), trace)
    assert f"Filter     {said}\n" in found
    assert "Unknown    800ms: in calls not recorded" in found


def test_a_program_to_record_that_never_ran_is_named() -> None:
    wanted = ("cat", "nosuch", "a-very-long-script-name", "aklo", "bash")
    trace = SyntheticTrace(facts={"filter": tuple(f"program {name}" for name in wanted)})
    trace.image(trace.process(10, 0, 9 * MS), 0, "/bin/cat", "cat")
    trace.image(10, 1 * MS, "/bin/bash", "x", script="/a-very-long-script-that-is-another")
    trace.image(10, 2 * MS, "/bin/bash", "x", script="/bin/aklo")
    found = section(text(Options(width=None), trace), "DATA QUALITY")
    assert re.findall(r"No program named '(.*)' ran", found) == ["nosuch"]


def test_times_that_are_not_known_have_no_columns() -> None:
    trace = SyntheticTrace(facts={"timing": ORDER, "wall_ns": None})
    trace.image(trace.process(10), 0, "/bin/cat")
    file = trace.file("/etc/fstab")
    for call, errno in ("openat", 2), ("read", None), ("wait4", None):
        trace.call(10, call, 0, None, file_id=file, errno=errno, image_id=0)
    found = text(Options(), trace)
    assert "WHERE THE TIME WENT" not in found
    assert "latency:" not in found
    titles = ("BY PROGRAM", "I/O OPERATIONS", "TOP FILES", "TOP DIRECTORIES", "TOP PROCESSES")
    for title in (*titles, "FAILED CALLS"):
        assert not {"time", "work", "self", "0"} & {*section(found, title).split()}


def test_without_places_there_are_no_sections_of_code_and_strace_says_why() -> None:
    trace = SyntheticTrace()
    trace.process(1, 0, 100 * MS)
    trace.image(1, 0, "/bin/bash", "bash", "/s.sh")
    trace.call(1, "close", MS, MS, image_id=0)
    assert "BY FUNCTION" not in text(Options(), trace)
    assert "which line of a script" not in text(Options(), trace)
    trace.facts = {"engine": "strace"}
    assert "which line of a script" in text(Options(width=None), trace)
    assert "with --shell-lines bash says them" in text(Options(width=None), trace)


@pytest.mark.parametrize(
    ("facts", "slowed"),
    [
        ({"engine": "strace"}, True),
        ({"engine": "ebpf"}, False),
        ({"engine": "strace", "timing": ORDER}, False),
    ],
)
def test_that_strace_makes_all_times_longer_is_said_where_there_are_times(
    facts: dict[str, object], slowed: bool
) -> None:
    assert ("  Slowed     by strace" in text(Options(), SyntheticTrace(facts=facts))) == slowed


def test_reads_of_what_is_not_known_are_not_called_reads_of_files() -> None:
    trace = SyntheticTrace(wall_ns=90 * MS, facts={"target_proc_id": 10})
    trace.image(trace.process(10, 0, 90 * MS), 0, "/bin/cat")
    trace.call(10, "read", 1 * MS, 80 * MS, fd=0, image_id=0)
    found = text(Options(width=None), trace)
    assert "88% reading and writing unknown files or pipes" in found
    assert "reading and writing files" not in found


def test_lines_without_a_file_are_told_apart_and_the_end_of_a_script_is_named(
    tmp_path: Path,
) -> None:
    script, content = str(tmp_path / "s.sh"), b"one\ntwo\n"
    Path(script).write_bytes(content)
    trace = SyntheticTrace(wall_ns=90 * MS)
    trace.facts = {"target_proc_id": 1, "scripts": {script: digest(content)}}
    trace.process(1, 0, 90 * MS)
    trace.image(1, 0, "/bin/bash", "bash", shell="bash 5.2.15")
    strings = [trace.site(name, None, 1, (None, None, 4)) for name in ("f", "g")]
    for number, site in enumerate([*strings, trace.site(None, script, 3)]):
        trace.call(1, "openat", number * 30 * MS, 30 * MS, image_id=0, site_id=site)
    found = text(Options(width=None), trace)
    for place in "(code of a string):1 in f", "(code of a string):1 in g":
        assert place in section(found, "── aklo-trace").split("  Lines")[1]
    assert "s.sh:3 (the end of the script)" in section(found, "TOP LINES")


def test_of_a_sourced_file_no_line_is_named_that_it_does_not_have(tmp_path: Path) -> None:
    script, content = str(tmp_path / "one.sh"), b"x=1\n"
    Path(script).write_bytes(content)
    trace = SyntheticTrace(facts={"scripts": {script: digest(content)}})
    trace.process(1, 0, 90 * MS)
    trace.image(1, 0, "/bin/bash", "bash", shell="bash 5.2.15")
    begin = trace.site("source", script, 4, (None, "/s.sh", 4))
    trace.call(1, "rt_sigprocmask", 30 * MS, 30 * MS, image_id=0, site_id=begin)
    found = section(text(Options(width=None), trace), "TOP LINES")
    assert "one.sh:?" in found
    assert "one.sh:4" not in found
    assert "still had the line of the file that sources it" in found


def test_lines_have_their_text_below_them(tmp_path: Path) -> None:
    script = tmp_path / "s.sh"
    script.write_text("#!/bin/bash\n  sed \x1b[31m 1d\n\neval 'x'\n")
    trace = SyntheticTrace()
    trace.facts = {"started_at_ns": script.stat().st_ctime_ns}
    trace.process(1, 0, 100 * MS)
    trace.image(1, 0, "/bin/bash", "bash", str(script), shell="bash 5.2.15")
    for line, flags in (2, 0), (3, 0), (4, int(SiteFlag.LINE_RELATIVE)):
        site = trace.site(None, str(script), line, flags=flags)
        trace.call(1, "close", 10 * line * MS, line * MS, image_id=0, site_id=site)
    found = text(Options(), trace).splitlines()
    at = next(row for row, line in enumerate(found) if line.endswith("(script)  s.sh:2"))
    assert found[at + 1] == "          sed \\x1b[31m 1d"
    assert not any("eval 'x'" in line for line in found)
    assert any(line.endswith("s.sh:~4") for line in found)


def test_only_the_sections_asked_for_are_written_in_their_order() -> None:
    whole = text(Options())
    asked = text(Options(sections=("failures", "times")))
    parts = section(whole, "FAILED CALLS"), section(whole, "WHERE THE TIME WENT")
    assert asked == "\n\n".join(parts) + "\n"


def test_of_a_section_that_was_asked_for_and_has_nothing_the_report_says_so() -> None:
    found = text(Options(sections=("slowest", "quality")), SyntheticTrace())
    assert found.startswith("  There is nothing for 'slowest' in this trace.\n\nDATA QUALITY\n")
    assert "There is nothing" not in text(Options(), SyntheticTrace())


def test_histograms_of_classes_are_written_if_they_are_asked_for() -> None:
    assert "LATENCY OF" not in text(Options())
    trace = SyntheticTrace()
    trace.image(trace.process(10, 0, 900 * MS), 0, "/bin/sh")
    for number, dur in enumerate((0, 300, 301, 1030)):
        trace.call(10, "close", number * MS, dur)
    trace.call(10, "wait4", 10 * MS, None)
    found = text(Options(sections=("latency",)), trace)
    assert found.splitlines()[:5] == [
        "LATENCY OF CLOSING FILES",
        "  4 calls: p50 300ns, p95 1.03µs, p99 1.03µs, max 1.03µs",
        "    from      to  calls  share",
        f"       0     2ns      1    25%  {'█' * 20}",
        "     2ns     4ns      0",
    ]
    assert found.splitlines()[-3:] == [
        f"   256ns   512ns      2    50%  {'█' * 40}",
        "   512ns  1.02µs      0",
        f"  1.02µs  2.05µs      1    25%  {'█' * 20}",
    ]


def test_latencies_of_operations_are_drawn_on_one_scale() -> None:
    trace = SyntheticTrace()
    trace.image(trace.process(10, 0, 900 * MS), 0, "/bin/sh")
    trace.call(10, "close", 1 * MS, 200)
    trace.call(10, "fsync", 2 * MS, 200)
    trace.call(10, "fsync", 3 * MS, 250_000)
    part = section(text(Options(width=None), trace), "I/O OPERATIONS")
    assert "from 128ns to 524µs, each column 4 times as long as the one before." in part
    assert re.findall(r"(\S+) +(close|fsync)$", part, re.MULTILINE) == [
        ("█····█", "fsync"),
        ("█·····", "close"),
    ]


@pytest.mark.parametrize("keys", [*KEYS, "function,class", "line,file,syscall"])
@pytest.mark.parametrize("width", [80, 100])
def test_no_group_is_longer_than_the_terminal_is_wide(keys: str, width: int) -> None:
    found = grouped(keys, sample_trace(), width, top=30)
    assert max(map(columns, found.splitlines())) <= width
    assert found.splitlines()[-1].endswith(("all calls", "/opt/aklo/modules/1/"))


def test_groups_have_every_column_where_nothing_is_cut() -> None:
    title = grouped("file,class", sample_trace(), None).splitlines()[2].split()
    numbers = ["calls", "failed", "bytes", "total", "self", "p50", "p95", "p99", "max"]
    assert title == [*numbers, "file", "class"]
    assert "incl." in grouped("directory", sample_trace(), None).splitlines()[2]


def test_names_of_groups_are_shown_and_do_nothing() -> None:
    trace = SyntheticTrace()
    trace.image(trace.process(10, 0, 9 * MS), 0, f"/bin/{HOSTILE}", HOSTILE, shell="bash 5.2.15")
    site = trace.site(HOSTILE, f"/{HOSTILE}", 1, (None, f"/{HOSTILE}", 1))
    trace.call(10, "openat", MS, MS, file_id=trace.file(f"{HOSTILE}/x"), image_id=0, site_id=site)
    for key in KEYS:
        found = grouped(key, trace, None)
        assert all(line.isprintable() for line in found.split("\n"))
        assert found.count("\n") == 5 + ("Scripts without" in found)
        if key not in ("class", "syscall"):
            assert "\\x1b[2J" in found


def test_groups_of_unknown_parts_say_what_is_not_known() -> None:
    trace = SyntheticTrace()
    trace.image(trace.process(10, 0, 9 * MS), 0, "/bin/sh")
    trace.call(10, "read", MS, MS, fd=3)
    trace.call(10, "read", MS, MS, file_id=trace.file(None, "pipe"))
    trace.call(10, "getpid", MS, MS)
    trace.call(99, "getppid", MS, MS)
    for keys, said in (
        ("file", {"(unknown files)", "(pipes, with waiting)", "(about no file)"}),
        ("process,syscall", {"(unknown process)"}),
        ("function", {"(outside shell code)", "(unknown process)"}),
    ):
        found = grouped(keys, trace)
        assert {*re.findall(r"\(.*?\)", found)} == said
        assert {*re.findall(r"\(.*?\)", grouped(keys, trace, top=1))} == said
