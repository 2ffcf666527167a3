"""Programs are named as a person would name them."""

from __future__ import annotations

import pytest

from aklo_analysis.program import program_name


@pytest.mark.parametrize(
    ("exe", "script", "argv", "name"),
    [
        ("/usr/bin/sed", None, ["sed", "-n", "p"], "sed"),
        ("/usr/bin/bash", None, ["bash", "/opt/aklo/bin/aklo", "status"], "aklo (bash)"),
        ("/usr/bin/bash", "/opt/aklo/bin/aklo", ["aklo", "status"], "aklo (bash)"),
        ("/usr/bin/env", "/opt/aklo/bin/aklo", ["aklo"], "aklo (env)"),
        ("/bin/bash", None, ["bash", "-eu", "-o", "pipefail", "run.sh"], "run.sh (bash)"),
        ("/bin/bash", None, ["bash", "-euo", "pipefail", "run.sh"], "run.sh (bash)"),
        ("/bin/bash", None, ["bash", "+O", "extglob", "run.sh"], "run.sh (bash)"),
        ("/bin/bash", None, ["bash", "--norc", "run.sh"], "run.sh (bash)"),
        ("/bin/bash", None, ["bash", "--rcfile", "rc", "run.sh"], "run.sh (bash)"),
        ("/bin/bash", None, ["bash", "--", "run.sh"], "run.sh (bash)"),
        ("/bin/bash", None, ["bash", "-c", "echo run.sh"], "bash"),
        ("/bin/bash", None, ["bash", "-ec", "echo run.sh"], "bash"),
        ("/bin/bash", None, ["-bash"], "bash"),
        ("/bin/bash", None, ["bash", "-"], "bash"),
        ("/bin/bash", None, None, "bash"),
        ("/bin/bash", None, [], "bash"),
        ("/usr/bin/python3.11", None, ["python3", "-W", "error", "a.py"], "a.py (python3.11)"),
        ("/usr/bin/python3.11", None, ["python3", "-Wmodule", "a.py"], "a.py (python3.11)"),
        ("/usr/bin/python3.11", None, ["python3", "-m", "http.server"], "python3.11"),
        ("/usr/bin/perl", None, ["perl", "-I", "lib", "tool.pl"], "tool.pl (perl)"),
        ("/usr/bin/perl", None, ["perl", "-ne", "print"], "perl"),
        (None, None, ["sed"], None),
        ("/", None, None, "/"),
    ],
)
def test_program_name(
    exe: str | None, script: str | None, argv: list[str] | None, name: str | None
) -> None:
    assert program_name(exe, script, argv) == name
