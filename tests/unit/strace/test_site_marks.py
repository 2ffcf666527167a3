"""What shells said of where they were, in logs however they are cut."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from aklo_trace.events import NO_SITE, Frame, ImageStart, ProcessStart, Site
from aklo_trace.schema import SiteFlag
from aklo_trace.strace import plan
from aklo_trace.strace.log import read_logs
from aklo_trace.strace.site_marks import LEFT
from aklo_trace.strace.sources import LogSource

from .readable import Readable, read, readable

OURS = Path("/tmp/aklo-trace-tok.bash")
MAIN = Frame(b"main", b"a.sh", 0)


def lines(*bodies: str) -> str:
    """A log of calls, each a second after the one before; ``11:`` before one says who made it."""
    numbered = enumerate(bodies, 1_700_000_000)
    return "".join(
        f"{body[:2]} {time}.000000000 {body[3:]}\n"
        if body[2:3] == ":"
        else f"10 {time}.000000000 {body}\n"
        for time, body in numbered
    )


def mark(text: str, fd: int = 931) -> str:
    return f'write({fd}</dev/null>, "{text}\\n", {len(text) + 1}) = {len(text) + 1} <0.000010000>'


EXEC = 'execve("/bin/bash", ["bash", "a.sh"], 0x7 /* 9 vars */) = 0 <0.000100000>'
START = (
    EXEC,
    'access("/etc/ld.so.preload", R_OK) = -1 ENOENT (No such file or directory) <0.000010000>',
    f'openat(AT_FDCWD</>, "{OURS}", O_RDONLY) = 3<{OURS}> <0.000010000>',
    f'read(3<{OURS}>, "...", 100) = 100 <0.000010000>',
    'write(1</dev/null>, "@tok>5.2.15;;", 13) = 13 <0.000010000>',
    "dup2(10, 1) = 1 <0.000010000>",
    mark(f"@tok 30:0,0;;|{OURS};;: bash"),
    'openat(AT_FDCWD</>, "a.sh", O_RDONLY) = 3</a.sh> <0.000010000>',
)


def sites(log: Readable) -> list[tuple[str, Site | None]]:
    """The calls in order, and where each was made."""
    names = [event["syscall"] for event in log.events]
    codes = [
        None if code == NO_SITE else batch.sites[code]
        for batch in log.batches
        for code in batch.site.tolist()
    ]
    return list(zip(names, codes, strict=True))


def marked(*bodies: str) -> Readable:
    return read(lines(*bodies), shell_lines=OURS)


def events(log: Readable, kind: type) -> list[Any]:
    return [e for batch in log.batches for e in batch.process_events if isinstance(e, kind)]


def test_what_a_shell_does_to_say_it_is_left_out() -> None:
    log = marked(*START)
    assert sites(log) == [("execve", None), ("access", None), ("openat", None)]
    assert log.statistics.calls_of_ours == 5
    assert log.statistics.events == 3
    assert events(log, ImageStart)[0].shell == "bash 5.2.15"


def test_a_call_is_of_the_command_before_it() -> None:
    log = marked(
        *START,
        mark("@tok 3:0,0;;|a.sh;;f 1"),
        "getuid() = 0 <0.000010000>",
        mark("@tok 2:0,3 ,0;|f |main;|lib dir/b.sh |a.sh;;echo 1"),
        "getgid() = 0 <0.000010000>",
    )
    inner = (Frame(b"f", b"lib dir/b.sh", 3), MAIN)
    assert sites(log)[-2:] == [("getuid", Site((MAIN,), 3)), ("getgid", Site(inner, 2))]


def test_the_last_of_several_marks_in_one_write_counts() -> None:
    log = marked(
        *START,
        mark("@tok 3:0,0;;|a.sh;;case a in\\n@tok 4:0,0;;|a.sh;;:"),
        "getuid() = 0 <0.000010>",
    )
    assert sites(log)[-1] == ("getuid", Site((MAIN,), 4))


def test_within_an_eval_the_line_is_relative_but_not_in_a_sourced_file() -> None:
    sourced = "@@tok 1:0,2 ,0;|source |main;|b.sh |a.sh;;echo 1"
    log = marked(
        *START,
        mark("@@tok 1:0,0;;|a.sh;;echo 1"),
        "getuid() = 0 <0.000010>",
        mark(sourced),
        "getgid() = 0 <0.000010>",
    )
    (_, relative), (_, exact) = sites(log)[-2:]
    assert relative
    assert exact
    assert (relative.flags, exact.flags) == (SiteFlag.LINE_RELATIVE, 0)


def test_a_mark_of_a_deep_stack_has_the_inner_functions() -> None:
    text = "@tok 3:0,7 ,9;|f |g;|a b.sh |b.sh;+;;getuid"
    log = marked(*START, mark(text), "getuid() = 0 <0.000010>")
    inner = Frame(b"f", b"a b.sh", 7), Frame(b"g", b"b.sh", 9)
    assert sites(log)[-1] == ("getuid", Site(inner, 3, SiteFlag.STACK_TRUNCATED))


def test_a_mark_that_is_cut_lacks_its_outer_functions() -> None:
    text = "@tok 3:0,7 ,9 ,0;|f |g |main;|a.sh |/long/na"
    log = marked(
        *START, f'write(931</dev/null>, "{text}"..., 900) = 900 <0.000010>', "getuid() = 0 <0.1>"
    )
    cut = Site((Frame(b"f", b"a.sh", 7),), 3, SiteFlag.STACK_TRUNCATED)
    assert sites(log)[-1] == ("getuid", cut)


def test_a_child_is_of_the_line_that_it_says_itself() -> None:
    clone = "clone(child_stack=NULL, flags=SIGCHLD) = 11 <0.000010>"
    log = marked(
        *START,
        mark("@tok 3:0,0;;|a.sh;;:"),
        clone,
        "11:getuid() = 0 <0.000010>",
        "11:" + mark("@tok 5:0,0;;|a.sh;;cat"),
        '11:execve("/bin/cat", ["cat"], 0x7) = 0 <0.000010>',
        "11:getgid() = 0 <0.000010>",
    )
    (_, child), (_, program) = events(log, ProcessStart), events(log, ImageStart)
    place = Site((MAIN,), 5)
    assert child.site == program.site == place
    assert sites(log)[-3:] == [("getuid", place), ("execve", place), ("getgid", None)]
    assert program.shell is None


def test_within_a_substitution_the_line_is_as_bash_has_it() -> None:
    log = marked(*START, mark("@@tok 3:1,0;;|a.sh;;echo 1"), "getuid() = 0 <0.000010>")
    assert sites(log)[-1] == ("getuid", Site((MAIN,), 3))


@pytest.mark.parametrize("command", ["set +x", "set -eux", "export PS4=a", "set -o xtrace"])
def test_after_what_a_script_does_to_xtrace_nothing_is_known(command: str) -> None:
    said = mark(f"@tok 3:0,0;;|a.sh;;{command}")
    log = marked(*START, mark("@tok 2:0,0;;|a.sh;;:"), said, "getuid() = 0 <0.000010>")
    assert sites(log)[-1] == ("getuid", None)
    assert log.statistics.silent == {LEFT: 1}


def test_a_shell_says_why_it_says_nothing() -> None:
    refusing = 'write(1</dev/null>, "@tok>5.2.15;some reason;", 24) = 24 <0.000010>'
    log = marked(*START[:4], refusing, "getuid() = 0 <0.000010>")
    assert sites(log)[-1] == ("getuid", None)
    assert log.statistics.silent == {"some reason": 1}


def test_without_being_asked_for_a_mark_is_a_call() -> None:
    log = read(lines(*START))
    assert len(log.events) == len(START)
    assert not any(batch.sites for batch in log.batches)


@pytest.mark.parametrize("size", [100, 150, 200, 300, 500])
def test_where_the_log_is_cut_makes_no_difference(
    size: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    split = mark("@tok 4:0,0;;|a.sh;;:").split(") =")
    text = lines(
        *START,
        mark("@tok 3:0,0;;|a.sh;;:"),
        "wait4(-1,  <unfinished ...>",
        '11:write(1</x>, "@tok 9:0,0;;|a.sh;;no mark: of nobody", 3) = 3 <0.000010>',
        "<... wait4 resumed>NULL, 0, NULL) = 11 <0.000010>",
        split[0] + " <unfinished ...>",
        "11:getuid() = 0 <0.000010>",
        f"<... write resumed>) ={split[1]}",
        "getuid() = 0 <0.000010>",
        "clone(child_stack=NULL, flags=SIGCHLD) = 12 <0.000010>",
        "12:getuid() = 0 <0.000010>",
        "12:" + mark("@tok 5:0,0;;|a.sh;;:"),
        "12:getgid() = 0 <0.000010>",
        "getgid() = 0 <0.000010>",
    )
    path = tmp_path / "log"
    path.write_text(text)

    def places() -> list[tuple[str, str]]:
        log = readable(read_logs([LogSource(path)], workers=0, shell_lines=OURS))
        named = zip(log.events, sites(log), strict=True)
        return sorted((str(event), str(place)) for event, place in named)

    whole = places()
    monkeypatch.setattr(plan, "PIECE_BYTES", size)
    assert places() == whole
