"""The file that asks bash where it is leaves the script as it was."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from aklo_trace.strace import xtrace
from aklo_trace.strace.xtrace import ShellLines

BASH = shutil.which("bash")
pytestmark = pytest.mark.skipif(BASH is None, reason="no bash")
MARK = "@"

SCRIPTS = {
    "plain": "f() { echo $1; }; f 1; echo $(f 2); f 3 | cat; (f 4); exit 7",
    "unset_variables_are_errors": "set -euo pipefail; f() { local a=1; echo $a; }; f; f",
    "other_separators": "IFS=; f() { echo x; }; f; IFS=$'\\n'; f",
    "separator_of_ours": "IFS='|;,@0 '; f() { echo x; }; f; f a b",
    "own_xtrace": "echo a; set -x; echo b; f() { echo c; }; f; x=$(f); set +x; echo d",
    "own_xtrace_among_others": "echo a; set -eux; echo b; set +x; echo d",
    "own_xtrace_by_name": "set -o xtrace; echo b; set +o xtrace; echo d",
    "own_xtrace_twice": "set -x; echo b; set +x; echo c; set -x; echo d",
    "own_xtrace_in_a_subshell": "(set -x; echo b); echo c; (echo d)",
    "own_xtrace_in_a_function": "f() { set -x; echo in; set +x; }; f; echo c",
    "own_xtrace_elsewhere": "set -x; { echo b; } 2>&1; exec 2>/dev/null; echo c",
    "own_xtrace_in_eval": "eval 'set -x; echo b'; eval 'echo c'",
    "own_prompt": "PS4='> '; set -x; echo b; set +x",
    "own_prompt_in_text": "echo 'PS4=x'; echo c",
    "own_descriptor": "exec 5>&1; BASH_XTRACEFD=5; set -x; echo b",
    "turned_off": "set +x; echo b",
    "closes_what_it_finds": "for f in /proc/self/fd/*; do f=${f##*/}; "
    '((f > 2)) && eval "exec $f>&-"; done; echo b; ls; echo c',
    "closes_up_to_255": 'for ((f = 3; f < 256; f++)); do eval "exec $f>&-"; done; echo b',
    "odd_commands": "echo ']' \"'\" '$(echo no)' '`echo no`' $((1+1)) \"a[0]\"; a=(x)",
    "traps": "trap 'echo exit' EXIT; trap 'echo e' ERR; trap 'echo r' RETURN; f() { false; }; f",
    "debug_trap": "trap 'echo at $BASH_COMMAND' DEBUG; echo b; f() { echo c; }; f",
    "last_argument": "echo $_; : a b; echo $_",
    "status": "echo $?; false; echo $?",
    "a_function_named_like_a_builtin": "printf() { echo no; }; echo() { :; }; set -x; printf 1",
    "exits_within": "f() { exit 3; }; f",
    "killed": "kill -9 $$",
    "syntax_error": "echo a; if; echo b",
    "replaced": "exec echo b",
    "jobs": "sleep 0 & wait $!; echo $?",
    "here_documents": "cat <<X\n$((1+2))\nX\nread -r a <<<'b c'; echo $a",
    "stderr_closed": "exec 2>&-; echo a; echo b",
    "reads_itself": "exec 3<$0; echo a; exec 3<&-; echo b",
    "arrays": 'declare -A a=([x y]=1); for k in "${!a[@]}"; do echo $k; done; [[ -v a ]]',
    "posix": "set -o posix; echo a; f() { echo b; }; f",
}


@dataclass(frozen=True)
class Done:
    status: int
    stdout: bytes
    stderr: bytes


def run(*command: str | Path, environ: tuple[bytes, ...] = (), **variables: str) -> Done:
    given = dict(entry.split(b"=", 1) for entry in environ)
    done = subprocess.run(
        [str(word) for word in command],
        env={
            b"PATH": os.environb[b"PATH"],
            **{k.encode(): v.encode() for k, v in variables.items()},
        }
        | given,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=30,
        check=False,
    )
    return Done(done.returncode, done.stdout, done.stderr)


@pytest.fixture
def marked() -> Iterator[ShellLines]:
    lines = ShellLines.written((), {}, os.geteuid())
    yield lines
    lines.remove()


@pytest.mark.parametrize("name", SCRIPTS)
def test_a_script_does_what_it_does_unasked(name: str, marked: ShellLines, tmp_path: Path) -> None:
    script = tmp_path / "script"
    script.write_text(SCRIPTS[name] + "\n")
    asked = run("bash", script, environ=marked.added_to(()))
    assert asked == run("bash", script)


@pytest.mark.parametrize("name", [name for name in SCRIPTS if name != "reads_itself"])
def test_so_does_a_string(name: str, marked: ShellLines) -> None:
    asked = run("bash", "-c", SCRIPTS[name], environ=marked.added_to(()))
    assert asked == run("bash", "-c", SCRIPTS[name])


def test_the_own_file_is_read_as_well(tmp_path: Path) -> None:
    own = tmp_path / "own file"
    own.write_text("own() { echo own $1; }; set -f\n")
    given = (b'BASH_ENV=$HOME/"own" file'.replace(b'"', b""),)
    lines = ShellLines.written((*given, b"A=1"), {}, os.geteuid())
    try:
        environ = lines.added_to((*given, b"A=1"))
        asked = run("bash", "-c", "own *; own $_", environ=environ, HOME=str(tmp_path))
    finally:
        lines.remove()
    assert [entry for entry in environ if entry.startswith(b"BASH_ENV=")] == [
        b"BASH_ENV=" + os.fsencode(lines.path)
    ]
    assert asked == Done(0, b"own *\nown *\n", b"")


def test_without_a_free_descriptor_nothing_is_asked(marked: ShellLines) -> None:
    command = "ulimit -n 64; exec bash -c 'echo $-'"
    asked = run("bash", "-c", command, environ=marked.added_to(()))
    assert asked == Done(0, b"hBc\n", b"")


def test_a_shell_that_traces_itself_is_left_alone(marked: ShellLines) -> None:
    asked = run("bash", "-xc", "echo a", environ=marked.added_to(()))
    assert asked == Done(0, b"a\n", b"+ echo a\n")


def test_the_file_goes(marked: ShellLines) -> None:
    assert xtrace.token_of(marked.path) in marked.path.read_text()
    marked.remove()
    assert not marked.path.exists()
