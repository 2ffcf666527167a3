"""`aklo-trace benchmark`: its runs, its report, its status, and Ctrl-C."""

from __future__ import annotations

import json
import signal
import time

from .conftest import Project

QUICK = ("benchmark", "--engine", "strace", "--warmup", "0")


def test_runs_are_cold_and_warm_traced_and_not(project: Project) -> None:
    script = (
        "[ -e full ] && echo warm >>log || { echo cold >>log; : >full; }; echo out; echo err >&2"
    )
    (project.folder / "make-cold").write_text("#!/bin/sh\nrm -f full\n")
    (project.folder / "make-cold").chmod(0o755)
    cold = ("--runs", "2", "--cold", "./make-cold", "-o", "kept", "--format", "json")
    done = project.run(*QUICK, *cold, "--", "sh", "-c", script)
    assert (done.returncode, done.stderr) == (0, "")
    found = json.loads(done.stdout)
    assert found["complete"]
    assert [len(one["wall_ns"]) for one in found["timings"]] == [2] * 4
    assert (project.folder / "log").read_text().split() == [
        *("cold", "warm", "cold", "warm"),
        *("warm", "cold", "warm", "cold"),
    ]
    kept = [path.name for path in (project.folder / "kept").iterdir() if path.is_dir()]
    assert len(kept) == 4
    files = next(one for one in found["cold_to_warm"] if one["measure"] == "processes")
    assert files["state"] == "same"


def test_a_run_that_fails_ends_it_unless_that_is_wanted(project: Project) -> None:
    command = ("--runs", "1", "--", "sh", "-c", "echo $((6 * 7)); exit 3")
    done = project.run(*QUICK, *command)
    assert (done.returncode, done.stdout) == (1, "")
    assert "A run (warm, untraced) ended with status 3" in done.stderr
    done = project.run(*QUICK, "--ignore-failure", *command)
    assert done.returncode == 0
    assert "run 1 (warm, traced) ended with status 3" in done.stdout
    assert "42" not in done.stdout + done.stderr


def test_what_cannot_be_run_is_said(project: Project) -> None:
    for options, status, said in (
        (("--", "./nothing"), 127, "cannot run './nothing'"),
        (("--cold", "false", "--", "true"), 1, "--cold ended with status 1"),
        (("--cold", "'", "--", "true"), 2, "--cold: No closing quotation"),
        (("--runs", "0", "--", "true"), 2, "one or more"),
        (("true",), 2, "benchmark -- COMMAND"),
    ):
        done = project.run(*QUICK, *options)
        assert (done.returncode, done.stdout) == (status, ""), options
        assert said in done.stderr


def test_after_ctrl_c_there_is_a_report_of_what_was_run(project: Project) -> None:
    script = "echo x >>log; [ $(wc -l <log) -lt 3 ] || exec sleep 60"
    process = project.start(*QUICK, "--runs", "9", "--", "sh", "-c", script)
    log = project.folder / "log"
    while not (log.exists() and log.read_text().count("x") >= 3):
        assert process.poll() is None
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert (process.returncode, err) == (-signal.SIGINT, "")
    assert "Interrupted: this is of the runs that were made." in out
    assert "warm, untraced" in out
