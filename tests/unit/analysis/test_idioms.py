"""What is written instead of a program does the same; where nothing does, nothing is advised."""

from __future__ import annotations

import shlex
import subprocess

import pytest

from aklo_analysis.rules.dialect import POSIX, Dialect, dialect_of
from aklo_analysis.rules.idioms import BUILTIN, TEXT

BASH = Dialect((5, 2))


def text(command: str, shell: Dialect = BASH) -> str | None:
    name, *words = shlex.split(command)
    found = {**BUILTIN, **TEXT}[name](words, shell)
    return found and found.text


@pytest.mark.parametrize(
    ("command", "value"),
    [
        ("basename /a/b.md", None),
        ("basename /a/b.md .md", None),
        ("dirname /a/b.md", None),
        ("cut -d= -f1", "key=value=more"),
        ("cut -d = -f 2", "key=value=more"),
        ("cut -d= -f2-", "key=value=more"),
        ("cut -d= -f3", "key=value=more"),
        ("cut -d' ' -f1", "a b"),
        ("cut -c2-3", "abcd"),
        ("cut -c 2-", "abcd"),
        ("tr a-z A-Z", "mixed Case"),
        ("tr '[:upper:]' '[:lower:]'", "mixed CASE"),
        ("tr -d ' '", " a b "),
        ("tr -d '[:space:]'", " a b "),
        ("tr -cd 0-9", "a1b2"),
        ("tr / _", "a/b/c"),
        ("tr % x", "5%"),
        ("tr '#' x", "5#"),
        ("sed s/%/%%/", "5% 6%"),
        ("sed 's/%$//'", "5%"),
        ("sed 's/^#//'", "#5"),
        ("sed 's/#/x/'", "5#"),
        ("cut -d% -f1", "5%6"),
        ("sed s/a/b/", "banana"),
        ("sed s/a/b/g", "banana"),
        ("sed 's/^ba//'", "banana"),
        ("sed 's/na$//'", "banana"),
        ("sed 's/[^a-m]//g'", "banana"),
        ("sed 's/.*=//'", "a=b=c"),
        ("sed 's/=.*//'", "a=b=c"),
        ("sed 's/^a/x/'", "abca"),
        ("sed 's#/#_#g'", "a/b/c"),
        ("sed 's#a/b#_#'", "x/a/b/c"),
        ("sed 's#^/a##'", "/a/a"),
        ("sed 's/^ba//;s/na$//'", "banana"),
        ("sed -e 's/a$/x/'", "abca"),
        ("sed 's/a\\.b/x/'", "aab a.b"),
        ("awk '{print $2}'", "one two three"),
        ("awk -F: '{ print $3 }'", "a:b:c:d"),
        ("awk '{print $NF}'", "one two three"),
        ("wc -w", "one two"),
        ("wc -l", "one"),
        ("head -c 2", "abcd"),
        ("head -n1", "one\ntwo"),
        ("tail -1", "one\ntwo"),
        ("xargs", "  around  "),
        ("expr length text", None),
    ],
)
def test_it_prints_what_the_program_does(command: str, value: str | None) -> None:
    given = shlex.split(command.replace("length ", ""))[1] if value is None else value
    written = text(command)
    assert written is not None
    expected = run(f"printf '%s\\n' \"$v\" | {command}" if value is not None else command, given)
    assert run(program(written), given) == expected


def program(written: str) -> str:
    """Shell code that prints what an advice gives: the last part of it is what to expand."""
    *before, last = (
        written.replace(", then ", "; ").replace("; v=", "\nv=").replace("; ${", "\n${").split("\n")
    )
    if last.startswith("v=") or "read " in last:
        before, last = [*before, last], "$v"
    return "\n".join([*before, f'printf "%s\\n" "{last}"'])


def run(code: str, value: str) -> str:
    found = subprocess.run(
        ["bash", "-c", code],
        env={"v": value, "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
    )
    assert found.stderr == ""
    return found.stdout.rstrip("\n")


@pytest.mark.parametrize(
    ("command", "condition"),
    [
        ("grep -q error", "an error here"),
        ("grep -q error", "nothing"),
        ("grep -q '^an'", "an error"),
        ("grep -q '^an'", "not an error"),
        ("grep -q 'r$'", "an error"),
        ("grep -qx an", "an error"),
        ("grep -qF a.b", "aab"),
        ("grep -qi ERROR", "an Error"),
        ("grep -qE '^(a|b)[0-9]+$'", "b12"),
        ("grep -qE '^(a|b)[0-9]+$'", "c12"),
        ("grep -q 'a\\.b'", "a.b"),
        ("grep -q 'x[0-9]'", "x1"),
    ],
)
def test_it_matches_when_grep_does(command: str, condition: str) -> None:
    written = text(command)
    assert written is not None
    expected = run(f"printf '%s\\n' \"$v\" | {command}; echo $?", condition)
    assert run(f"{written}; echo $?", condition) == expected


@pytest.mark.parametrize(
    ("command", "written"),
    [
        ("date +%s", "$EPOCHSECONDS"),
        ("date +%F", "printf -v v '%(%F)T' -1"),
        ("date -u +%H:%M", "TZ=UTC printf -v v '%(%H:%M)T' -1"),
        ("date -Iseconds", "printf -v v '%(%FT%T%z)T' -1"),
        ("date +%s%N", "$EPOCHREALTIME (in µs)"),
        ("seq 5", "for ((i = 1; i <= 5; i++))"),
        ("seq 2 3 11", "for ((i = 2; i <= 11; i += 3))"),
        ("echo a b", "echo without a path"),
        ("id -u", "$EUID"),
        ("which sed", "command -v sed"),
        ("head -1 /etc/passwd", "IFS= read -r v <file"),
        ("expr 1 + 2", "$((a + b))"),
        ("sed -E 's/^v([0-9]+).*/\\1/'", "[[ $v =~ ^v([0-9]+).* ]] with ${BASH_REMATCH[1]}"),
    ],
)
def test_it_says_what_to_write(command: str, written: str) -> None:
    name, *words = shlex.split(command)
    table = BUILTIN if name in BUILTIN and command != "head -c 2" else TEXT
    found = table[name](words, BASH)
    assert found is not None
    assert found.text == written


@pytest.mark.parametrize(
    "command",
    [
        "basename -s .md a b",
        "dirname script",
        "dirname /a",
        "dirname a/b/",
        "cut -d: -f1,3",
        "cut --complement -f1",
        "cut -f1 file",
        "date",
        "date -d tomorrow +%s",
        "date +%3N",
        "date -r file +%s",
        "expr index a b",
        "grep -c error",
        "grep error",
        "grep -rq error",
        "grep -q a b",
        "hostname -f",
        "id -un",
        "sed -n 2p",
        "sed -i s/a/b/",
        "sed -f script",
        "sed s/a/b/ file",
        "sed '1{h;d}'",
        "sed 's/a/b/2'",
        "sed 's/[ab]*x/y/g'",
        "seq -s, 1 3",
        "seq 0.5 2",
        "tr -s ' '",
        "tr abc xyz",
        "awk '{s += $1} END {print s}'",
        "awk -v a=1 '{print $1}'",
        "wc",
        "wc -l file",
        "head -n 2 a b",
        "tail -n 3",
        "tail -f",
        "xargs rm",
        "which -a sed",
        "printenv",
        "test --help",
    ],
)
def test_where_nothing_is_the_same_nothing_is_advised(command: str) -> None:
    name, *words = shlex.split(command)
    tables = [table for table in (BUILTIN, TEXT) if name in table]
    assert [table[name](words, BASH) for table in tables] == [None] * len(tables)


@pytest.mark.parametrize(
    ("command", "shell", "written"),
    [
        ("tr a-z A-Z", POSIX, None),
        ("sed s/a/b/", POSIX, None),
        ("sed 's/^a//'", POSIX, "${v#a}"),
        ("cut -d= -f2-", POSIX, "${v#*=}"),
        ("cut -d= -f3", POSIX, "IFS==; set -- $v, then ${3}"),
        ("grep -q error", POSIX, "case $v in *error*) …"),
        ("grep -qE 'a|b'", POSIX, None),
        ("date +%s", POSIX, None),
        ("date +%s", Dialect((4, 4)), "printf -v v '%(%s)T' -1"),
        ("date +%s", Dialect((4, 1)), None),
        ("id -u", POSIX, None),
    ],
)
def test_the_advice_fits_the_shell(command: str, shell: Dialect, written: str | None) -> None:
    assert text(command, shell) == written


def test_a_shell_is_known_by_what_the_recording_says_or_by_its_name() -> None:
    assert dialect_of("bash 5.2.15", "/opt/tool") == Dialect((5, 2))
    assert dialect_of(None, "/usr/bin/bash") == Dialect((4, 4))
    assert dialect_of("sh", "/usr/bin/sh") == dialect_of(None, "/bin/dash") == POSIX
    assert dialect_of(None, "/usr/bin/sed") is None
    assert dialect_of(None, None) is None
