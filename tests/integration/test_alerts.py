"""Alerts at the end of a recording: reported, written down, acted upon; and the exit status."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from aklo_trace.alerting.history import FILE

from .conftest import Project

STRACE = ("--engine", "strace")
MANY = "[alert.many]\nmetric=processes\nover=2\nseverity=critical\n"
FORKS = ("sh", "-c", "/bin/true; /bin/true; /bin/true; exit 7")
HOSTILE = "a\x1b[2J\nExit       0\n\u202e; touch made"


def events(project: Project, store: Path | None = None) -> list[dict[str, Any]]:
    file = (store or project.store) / FILE
    return [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []


def test_an_alert_is_in_the_report_the_history_and_the_status_of_check(project: Project) -> None:
    project.conf.write_text(MANY)
    done = project.run(*STRACE, "--", *FORKS)
    assert done.returncode == 7
    assert "\n  critical  there were 4 processes (threshold: 2)\n" in done.stderr
    assert f"many: new, threshold from {project.conf}:3\n" in done.stderr
    (event,) = events(project)
    trace = next(path for path in project.store.iterdir() if path.is_dir())
    assert (event["name"], event["state"], event["trace"]) == ("many", "raised", str(trace))
    assert (project.store / FILE).stat().st_mode & 0o777 == 0o600
    found = json.loads(project.run("report", "--format", "json").stdout)
    (alert,) = found["alerts"]
    assert alert.items() <= event.items()
    done = project.run("check")
    assert (done.returncode, done.stderr) == (1, "")
    assert (
        f"crossed  many: there were 4 processes (threshold: 2), {project.conf}:3\n" in done.stdout
    )
    assert done.stdout.endswith("crossed: 1 threshold is crossed, of 2\n")
    assert events(project) == [event]


def test_reports_of_old_traces_stay_as_they_were(project: Project) -> None:
    project.conf.write_text(MANY + "runs=2\n")
    for _ in range(3):
        project.run(*STRACE, "-q", "--", *FORKS)
    assert [event["state"] for event in events(project)] == ["pending", "raised", "repeated"]
    traces = sorted(path.name for path in project.store.iterdir() if path.is_dir())
    statuses = [project.run("check", trace).returncode for trace in traces]
    assert statuses == [0, 1, 1]
    found = [json.loads(project.run("check", "--format", "json", t).stdout) for t in traces]
    states = [one["conditions"][0]["state"] for one in found]
    assert states == ["pending", "raised", "repeated"]
    assert [one["crossed"] for one in found] == [[], ["many"], ["many"]]


@pytest.mark.parametrize("how", ["-q", "none"])
def test_without_a_report_there_are_alerts_only_if_they_are_wanted(
    how: str, project: Project
) -> None:
    options = ("-q",) if how == "-q" else ("--format", "none")
    project.conf.write_text(MANY)
    done = project.run(*STRACE, *options, "--", *FORKS)
    assert done.returncode == 7
    assert len(events(project)) == (how == "-q")
    assert "many" not in done.stderr


def test_monitoring_can_be_switched_off(project: Project) -> None:
    project.conf.write_text("IO_MONITORING_ENABLED=false\n" + MANY)
    done = project.run(*STRACE, "--", *FORKS)
    assert "there were 4 processes" in done.stderr
    assert events(project) == []


class TestActions:
    """Each of them makes a file."""

    def conf(self, made: Path) -> str:
        return f'{MANY}actions="mark"\n[action.mark]\ncommand="touch {made}-{{state}}"\n'

    def test_a_repositorys_own_do_not_run_before_they_are_trusted(self, project: Project) -> None:
        made = project.folder / "made"
        project.conf.write_text(self.conf(made))
        done = project.run(*STRACE, "--", *FORKS)
        assert done.returncode == 7
        assert "actions are not done until you trust the file as it is" in done.stderr
        assert not made.with_name("made-raised").exists()
        trusted = project.run("config", "trust")
        assert trusted.returncode == 0
        assert f"trusted as it is now: {project.conf}\n" in trusted.stdout
        assert f'action.mark.command = "touch {made}-{{state}}"' in trusted.stdout
        done = project.run(*STRACE, "-q", "--", *FORKS)
        assert (done.returncode, done.stderr) == (7, "")
        assert made.with_name("made-repeated").exists()

    def test_a_changed_file_is_not_trusted_any_more(self, project: Project) -> None:
        made = project.folder / "made"
        project.conf.write_text(self.conf(project.folder / "other"))
        project.run("config", "trust")
        project.conf.write_text(self.conf(made))
        done = project.run(*STRACE, "-q", "--", *FORKS)
        assert "until you trust the file" in done.stderr
        assert not made.with_name("made-raised").exists()

    def test_a_file_that_changes_while_it_is_traced_is_as_it_was(self, project: Project) -> None:
        made = project.folder / "made"
        project.conf.write_text(self.conf(made))
        project.run("config", "trust")
        change = f"sed -i 's/touch .*/touch evil\"/' {project.conf}; /bin/true; /bin/true"
        done = project.run(*STRACE, "-q", "--", "sh", "-c", change)
        assert (done.returncode, done.stderr) == (0, "")
        assert made.with_name("made-raised").exists()

    def test_trust_can_be_taken_back(self, project: Project) -> None:
        project.conf.write_text(self.conf(project.folder / "made"))
        project.run("config", "trust", str(project.conf))
        assert "trusted" in project.run("config", "path").stdout
        assert project.run("config", "trust", "--remove").returncode == 0
        assert "it is not trusted" in project.run("config", "path").stdout
        done = project.run("config", "trust", "--remove")
        assert (done.returncode, done.stdout) == (2, "")

    @pytest.mark.parametrize("name", ["nowhere", "."])
    def test_what_is_no_file_is_not_trusted(self, name: str, project: Project) -> None:
        done = project.run("config", "trust", name)
        assert done.returncode == 2
        assert "cannot be trusted" in done.stderr

    @pytest.mark.parametrize(
        ("action", "said"),
        [
            ('command = ["sh", "-c", "echo out; echo err >&2; exit 9"]', "its exit status is 9"),
            ('command = ["sleep", "60"]\ntimeout = "200ms"', "it took longer than 0.2s"),
            ('url = "http://127.0.0.1:1/"', "Connection refused"),
            ('file = "/nowhere/log"', "No such file or directory"),
        ],
    )
    def test_whatever_an_action_does_the_status_is_the_targets(
        self, action: str, said: str, project: Project
    ) -> None:
        text = MANY.replace("=processes", '="processes"').replace("=critical", '="critical"')
        project.toml.write_text(f'{text}actions = ["a"]\n[action.a]\n{action}\n')
        done = project.run(*STRACE, "-q", "--", *FORKS)
        assert (done.returncode, done.stdout) == (7, "")
        assert done.stderr.startswith("aklo-trace: The action a of the alert many failed: ")
        assert said in done.stderr
        assert done.stderr.count("\n") == 1


def test_hostile_names_in_alerts_do_no_harm(project: Project) -> None:
    log = project.folder / "log"
    project.conf.write_text("IO_ALERT_THRESHOLD_MS=0\n")
    project.toml.write_text(
        '[alert.slow_operation]\nactions = ["log", "run"]\nof = "open"\n'
        f'[action.log]\nfile = "{log}"\n'
        f'[action.run]\ncommand = ["sh", "-c", "cat >{log}.json", "{{message}}"]\n'
    )
    (project.folder / HOSTILE.replace("/", "")).write_text("x")
    script = 'for i in 1 2 3; do exec 3<"$1"; done'
    for place in ("/lib", "/usr", "/etc"):
        project.conf.write_text(project.conf.read_text() + f"# {place}\n")
    done = project.run(*STRACE, "--section", "alerts", "--", "bash", "-c", script, "x", HOSTILE)
    assert all(line.isprintable() for line in done.stderr.split("\n"))
    assert [path.name for path in project.folder.iterdir() if path.name == "made"] == []
    assert log.read_text().count("\n") == 1
    assert log.read_text().strip().isprintable()
    (event,) = events(project)
    assert json.loads(Path(f"{log}.json").read_text()) == event


def test_two_recordings_at_once_are_both_in_the_history(project: Project) -> None:
    project.conf.write_text(MANY + 'repeat="1h"\n')
    running = [project.start(*STRACE, "-q", "--", *FORKS) for _ in range(3)]
    for process in running:
        _, err = process.communicate(timeout=300)
        assert (process.returncode, err) == (7, "")
    states = sorted(event["state"] for event in events(project))
    assert states == ["continued", "continued", "raised"]


def test_a_history_that_was_cut_is_said_and_goes_on(project: Project) -> None:
    project.conf.write_text(MANY)
    project.run(*STRACE, "-q", "--", *FORKS)
    file = project.store / FILE
    file.write_bytes(file.read_bytes()[:-30])
    done = project.run(*STRACE, "-q", "--", *FORKS)
    assert done.returncode == 7
    assert done.stderr == (
        f"aklo-trace: The last write to the history of alerts {file} was interrupted.\n"
    )
    lines = file.read_bytes().splitlines()
    assert len(lines) == 2
    assert json.loads(lines[1])["state"] == "raised"


def test_a_history_that_cannot_be_written_is_said_and_harms_nothing(project: Project) -> None:
    project.conf.write_text(MANY)
    project.store.mkdir()
    (project.store / FILE).symlink_to(project.folder / "elsewhere")
    done = project.run(*STRACE, "-q", "--", *FORKS)
    assert done.returncode == 7
    assert "The history of alerts" in done.stderr
    assert not (project.folder / "elsewhere").exists()
    assert project.run("check").returncode == 1


class TestCheck:
    def trace(self, project: Project) -> Path:
        project.run(*STRACE, "-q", "-o", "trace", "--", *FORKS)
        return project.folder / "trace"

    def test_nothing_is_crossed(self, project: Project) -> None:
        self.trace(project)
        done = project.run("check", "trace")
        assert (done.returncode, done.stderr) == (0, "")
        assert done.stdout.endswith("passed: 0 thresholds are crossed, of 1\n")

    @pytest.mark.parametrize(
        ("arguments", "conf", "said"),
        [
            (("no-such-trace",), "", "There is no trace 'no-such-trace'"),
            (("/etc",), "", "/etc is not a trace"),
            (("trace", "--max"), "", "--max"),
        ],
    )
    def test_a_command_line_that_makes_no_sense(
        self, arguments: tuple[str, ...], conf: str, said: str, project: Project
    ) -> None:
        self.trace(project)
        project.conf.write_text(conf)
        done = project.run("check", *arguments)
        assert (done.returncode, done.stdout) == (2, "")
        assert said in done.stderr

    @pytest.mark.parametrize(
        ("arguments", "conf", "said"),
        [
            (("trace",), "IO_ALERT_THRESHOLD_MS=soon", ":1: IO_ALERT_THRESHOLD_MS: must be"),
            (("trace",), "[alert.x]\nmetric=proceses\nover=3", "did you mean processes?"),
            (("trace",), "[alert.x]\nover=3", ":2: alert.x.over: alert.x needs a metric"),
            (("trace",), "[rules.SH01]\nnothing=3", "rules.SH01.nothing: is no threshold"),
            (("trace",), "[rules.SH99]\nstarts=3", "there is no rule SH99"),
        ],
    )
    def test_a_mistake_in_the_configuration_keeps_nothing_else_from_being_checked(
        self, arguments: tuple[str, ...], conf: str, said: str, project: Project
    ) -> None:
        self.trace(project)
        project.toml.write_text('[alert.many]\nmetric = "processes"\nover = 2\n')
        project.conf.write_text(conf)
        done = project.run("check", *arguments)
        assert done.returncode == 2
        assert "crossed  many: " in done.stdout
        assert done.stdout.splitlines()[-1].startswith("mistaken: 1 threshold is crossed")
        assert said in done.stderr

    def test_what_the_trace_cannot_tell(self, project: Project) -> None:
        self.trace(project)
        project.conf.write_text("[alert.rss]\nmetric=memory\nover=1GB\n")
        done = project.run("check", "trace")
        assert done.returncode == 3
        assert "unknown  rss: not known: the trace does not tell" in done.stdout
        assert done.stdout.endswith("incomplete: 0 thresholds are crossed, of 2\n")

    def test_a_trace_that_is_not_complete(self, project: Project) -> None:
        meta = self.trace(project) / "meta.json"
        facts = json.loads(meta.read_text())
        meta.write_text(json.dumps(facts | {"complete": False, "incomplete_reason": "\x1b[1m"}))
        done = project.run("check", "trace")
        assert done.returncode == 3
        assert "The trace is not complete: \\x1b[1m\n" in done.stdout
        found = json.loads(project.run("check", "trace", "--format", "json").stdout)
        assert (found["result"], found["status"], found["complete"]) == ("incomplete", 3, False)
        project.conf.write_text(MANY)
        assert project.run("check", "trace").returncode == 1

    def test_a_damaged_trace(self, project: Project) -> None:
        trace = self.trace(project)
        shutil.rmtree(trace / "syscalls")
        done = project.run("check", "trace")
        assert (done.returncode, done.stdout) == (3, "")
        (trace / "meta.json").write_text("{")
        assert project.run("check", "trace").returncode == 3

    def test_actions_that_are_not_trusted_are_no_mistake(self, project: Project) -> None:
        self.trace(project)
        project.conf.write_text('[action.a]\ncommand="true"\n')
        done = project.run("check", "trace")
        assert done.returncode == 0
        assert "until you trust the file" in done.stderr

    def test_a_rule_speaks_from_its_own_thresholds_on(self, project: Project) -> None:
        self.trace(project)
        project.conf.write_text("[rules.SH01]\nstarts=1\n")
        done = project.run("check", "trace", AKLO_TRACE_RULES_SH01_STARTS="5")
        assert done.returncode == 0, done.stderr
