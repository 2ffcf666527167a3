"""The plugin in a run of pytest of its own: budgets hold, or fail the test and say why."""

from __future__ import annotations

import subprocess
import sys

import pytest

pytest_plugins = ["pytester"]

TESTS = """
    def test_within(aklo_trace):
        run = aklo_trace.run(
            ["sh", "-c", "echo out; echo err >&2; (exit 3)"],
            max_processes=2, max_programs=1, max_calls=1000, max_calls_of={"socket": 0},
        )
        assert (run.exit_status, run.stdout, run.stderr) == (3, "out\\n", "err\\n")
        assert (run.processes, run.programs) == (2, 1)
        assert run.calls == sum(run.calls_of.values())

    def test_beyond(aklo_trace):
        aklo_trace.run(["sh", "-c", "true; cat /dev/null; cat /dev/null; :"], max_processes=2)

    def test_calls_beyond(aklo_trace):
        aklo_trace.run(["cat", "/dev/null"], max_calls_of={"write": 0, "openat": 0})

    def test_unlimited(aklo_trace):
        assert aklo_trace.run(["cat", "/dev/null"]).trace.meta.argv == ("cat", "/dev/null")

    def test_not_there(aklo_trace):
        assert aklo_trace.run(["/no/such/command"]).exit_status == 127
"""


def test_a_budget_holds_or_fails_the_test(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(TESTS)
    done = pytester.runpytest_subprocess("--aklo-trace-engine", "strace", "-p", "no:cacheprovider")
    done.assert_outcomes(passed=2, failed=3)
    done.stdout.fnmatch_lines(
        [
            "*sh -c true; cat /dev/null; cat /dev/null; :: 3 processes, and 2 are allowed "
            "(started: 2 cat, 1 *sh)",
            "*cat /dev/null: * calls of openat, and 0 are allowed",
        ]
    )


def test_an_incomplete_trace_fails_it_too(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        from dataclasses import replace
        from aklo_trace.store import Trace

        def test_incomplete(aklo_trace, monkeypatch):
            init = Trace.__init__
            lost = {"complete": False, "incomplete_reason": "3 were lost"}
            monkeypatch.setattr(Trace, "__init__", lambda self, directory, meta, *more: init(
                self, directory, replace(meta, **lost), *more))
            aklo_trace.run(["true"], max_processes=9)
        """
    )
    done = pytester.runpytest_subprocess("--aklo-trace-engine", "strace", "-p", "no:cacheprovider")
    done.assert_outcomes(failed=1)
    done.stdout.fnmatch_lines(["*The trace is not complete: 3 were lost"])


def test_pytest_loads_little_of_it() -> None:
    program = (
        "import sys, aklo_trace.pytest_plugin\n"
        "heavy = {'numpy', 'pandas', 'pyarrow', 'aklo_analysis', 'aklo_trace.api'}\n"
        "print(heavy & {*sys.modules})"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout == "set()\n"
