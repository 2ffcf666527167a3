"""What shells complete, asked of the shells themselves."""

from __future__ import annotations

import argparse
import functools
import os
import pty
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from aklo_trace.cli import COMMANDS, parser_of
from aklo_trace.contents import SECTIONS
from aklo_trace.engines import ENGINES

TIMEOUT_S = 60
HOSTILE = "2026-01-01T00-00-00.000Z-$(touch pwned)"
"""What a directory of a repository may be called."""
ASK_BASH = """\
source "$1"; shift
COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
registered=$(complete -p aklo-trace)
[[ $registered =~ -F\\ ([^ ]+) ]] && "${BASH_REMATCH[1]}"
printf '%s\\n' "${COMPREPLY[@]}"
"""
ASK_ZSH = """\
fpath=({0} $fpath); autoload -Uz compinit; compinit -D -u
show() {{ print -r -- ${{${{(z)BUFFER}}[-1]}} >> {0}/said; BUFFER=; }}
zle -N show; bindkey '^G' show; bindkey '^I' expand-or-complete; unsetopt beep
"""
Asked = Callable[..., list[str]]


@pytest.fixture
def surroundings(tmp_path: Path) -> dict[str, str]:
    """A home with two traces in its store, and this aklo-trace on PATH."""
    for name in ("2026-01-02T03-04-05.678Z-mine", HOSTILE):
        trace = tmp_path / "data" / "aklo-trace" / name
        trace.mkdir(parents=True)
        (trace / "meta.json").write_text("{}")
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    return {"PATH": path, "HOME": str(tmp_path), "XDG_DATA_HOME": str(tmp_path / "data")}


@functools.cache
def script(shell: str) -> str:
    command = [sys.executable, "-m", "aklo_trace", "completions", shell]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


@pytest.fixture
def bash(surroundings: dict[str, str], tmp_path: Path) -> Asked:
    file = tmp_path / "script"
    file.write_text(script("bash"))

    def asked(*words: str) -> list[str]:
        command = ["bash", "--norc", "-c", ASK_BASH, "ask", str(file), "aklo-trace", *words]
        return said(command, surroundings)

    return asked


@pytest.fixture
def fish(surroundings: dict[str, str], tmp_path: Path) -> Asked:
    needs("fish")
    file = tmp_path / "script"
    file.write_text(script("fish"))

    def asked(*words: str) -> list[str]:
        line = shlex.quote(" ".join(["aklo-trace", *words]))
        command = ["fish", "-N", "-c", f"source {file}; complete -C {line}"]
        return [text.partition("\t")[0] for text in said(command, surroundings)]

    return asked


@pytest.fixture
def zsh(surroundings: dict[str, str], tmp_path: Path) -> Callable[[list[str]], list[str]]:
    """Which completes only at a terminal, and what is the only possibility: the last word of each
    line, completed."""
    needs("zsh")
    (tmp_path / "_aklo-trace").write_text(script("zsh"))
    (tmp_path / ".zshrc").write_text(ASK_ZSH.format(tmp_path))
    environ = {**surroundings, "ZDOTDIR": str(tmp_path), "TERM": "dumb"}

    def asked(lines: list[str]) -> list[str]:
        ours, theirs = pty.openpty()
        keys = "".join(f"aklo-trace {line}\t\x07" for line in lines)
        os.write(ours, f"{keys}exit\n".encode())
        stdio = {"stdin": theirs, "stdout": theirs, "stderr": theirs}
        with subprocess.Popen(
            ["zsh", "-d", "-i"], **stdio, env=environ, start_new_session=True
        ) as it:
            os.close(theirs)
            it.wait(TIMEOUT_S)
        os.close(ours)
        return (tmp_path / "said").read_text().split()

    return asked


def needs(shell: str) -> None:
    if not shutil.which(shell):
        pytest.skip(f"{shell} is not installed")


def said(command: list[str], environ: dict[str, str]) -> list[str]:
    done = subprocess.run(
        command, check=True, capture_output=True, text=True, timeout=TIMEOUT_S, env=environ
    )
    assert done.stderr == ""
    return done.stdout.splitlines()


@pytest.fixture(params=["bash", "fish"])
def shell(request: pytest.FixtureRequest) -> Asked:
    asked: Asked = request.getfixturevalue(request.param)
    return asked


def test_every_verb_is_completed(shell: Asked) -> None:
    assert {*shell("")} == {*COMMANDS}


@pytest.mark.parametrize("verb", COMMANDS)
def test_every_option_of_a_verb_is_completed(verb: str, bash: Asked) -> None:
    actions = [action for action in parser_of(verb)._actions if action.help != argparse.SUPPRESS]
    options = {option for action in actions for option in action.option_strings}
    assert {*bash(verb, "-")} == options


def test_the_options_of_a_recording_need_no_verb(shell: Asked) -> None:
    assert shell("--func") == ["--function-calls"]


def test_values_of_options_are_completed(shell: Asked) -> None:
    assert {*shell("report", "--section", "")} == {*SECTIONS}
    assert {*shell("--engine", "")} == {"auto", *(engine.name for engine in ENGINES)}
    assert {*shell("config", "")} >= {"show", "validate", "path", "trust"}
    assert "root" in shell("--user", "roo")


def test_traces_are_completed(shell: Asked) -> None:
    assert shell("report", "2026-01-02") == ["2026-01-02T03-04-05.678Z-mine"]
    assert shell("report", "late") == ["latest"]


def test_no_name_of_a_trace_is_executed(
    shell: Asked, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert "2026-01-02T03-04-05.678Z-mine" in shell("report", "")
    assert not (tmp_path / "pwned").exists()


def test_bash_is_given_no_name_that_it_would_execute(bash: Asked) -> None:
    assert bash("report", "2026-01-") == ["2026-01-02T03-04-05.678Z-mine"]


def test_zsh_executes_no_name_of_a_trace(
    zsh: Callable[[list[str]], list[str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert zsh(["report 2026-01-02"]) == ["2026-01-02T03-04-05.678Z-mine"]
    assert not (tmp_path / "pwned").exists()


def test_behind_the_dashes_a_command_is_completed(shell: Asked, tmp_path: Path) -> None:
    (tmp_path / "only.txt").touch()
    for words in (["--"], ["-o", "x", "--"], ["record", "--"]):
        assert "sha256sum" in shell(*words, "sha256su")
        assert "report" not in shell(*words, "repor")
    assert shell("--", "cat", f"{tmp_path}/onl") == [f"{tmp_path}/only.txt"]


def test_zsh_completes(zsh: Callable[[list[str]], list[str]]) -> None:
    completed = {
        "rep": "report",
        "report --section wal": "wall",
        "report 2026-01-02": "2026-01-02T03-04-05.678Z-mine",
        "attach --func": "--function-calls",
        "-o slow -- sha256su": "sha256sum",
    }
    assert zsh([*completed]) == [*completed.values()]
