"""The example tool: what a trace of it may rely on."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

EXAMPLE = Path(__file__).parents[2] / "examples" / "aklo"
COMMANDS = ("status", "new", "cache", "monitor", "config", "help")
UNTRACKED = shutil.ignore_patterns(".aklo_cache", ".aklo_metrics")

Aklo = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    home, scratch = tmp_path / "home", tmp_path / "scratch"
    home.mkdir()
    scratch.mkdir()
    kept = {name: value for name, value in os.environ.items() if not name.startswith("XDG_")}
    scans = str(tmp_path / "scans")
    return kept | {"HOME": str(home), "TMPDIR": str(scratch), "AKLO_SCAN_CACHE_DIR": scans}


@pytest.fixture
def tool(tmp_path: Path) -> Path:
    return Path(shutil.copytree(EXAMPLE, tmp_path / "tool", ignore=UNTRACKED))


@pytest.fixture
def project(tool: Path) -> Path:
    return tool / "project"


@pytest.fixture
def aklo(tool: Path, project: Path, environment: dict[str, str]) -> Aklo:
    def run(
        *arguments: str, cwd: Path = project, prefix: tuple[str, ...] = ()
    ) -> subprocess.CompletedProcess[str]:
        command = [*prefix, str(tool / "bin" / "aklo"), *arguments]
        return subprocess.run(
            command, cwd=cwd, env=environment, capture_output=True, text=True, timeout=120
        )

    return run


def metrics(project: Path) -> dict[str, int]:
    text = (project / ".aklo_cache" / "cache_metrics.json").read_text()
    return {name: count for name, count in json.loads(text).items() if count}


def succeed(run: subprocess.CompletedProcess[str]) -> str:
    assert (run.returncode, run.stderr) == (0, "")
    return run.stdout


@pytest.fixture
def strace() -> tuple[str, ...]:
    prefix = ("strace", "-f", "-q", "--seccomp-bpf")
    try:
        subprocess.run([*prefix, "true"], check=True, capture_output=True, timeout=10)
    except (OSError, subprocess.CalledProcessError) as error:
        pytest.skip(f"strace cannot trace here: {error}")
    return prefix


def test_help_lists_every_command(aklo: Aklo) -> None:
    for arguments in ((), ("--help",), ("help",)):
        listed = re.findall(r"^  (\w+) ", succeed(aklo(*arguments)), re.MULTILINE)
        assert tuple(listed) == COMMANDS


def test_status_counts_each_state_and_names_the_next_open_items(aklo: Aklo, project: Path) -> None:
    assert succeed(aklo("status")).splitlines() == [
        "Project: Harbour: search # 1",
        f"Folder:  {project}",
        "Backlog:",
        "  pbi      4  open 1  doing 1  done 2",
        "  task     5  open 1  doing 1  done 3",
        "  arch     2  open 1  doing 0  done 1",
        "  debug    2  open 1  doing 0  done 1",
        "Next:",
        "  PBI-4 Remember the last search",
        "  TASK-5 Tide in the result",
        "  ARCH-2 Source of the tides",
        "  DEBUG-2 The search hangs on umlauts",
    ]


def test_the_project_is_found_from_below(aklo: Aklo, project: Path) -> None:
    assert f"Folder:  {project}\n" in succeed(aklo("status", cwd=project / "backlog" / "pbi"))


def test_new_writes_an_item_with_the_next_id_and_the_title_as_given(
    aklo: Aklo, project: Path
) -> None:
    title = r"""Moor & "sail" \1 $(id) {{date}} /x"""
    path = Path(succeed(aklo("new", "pbi", title)).rstrip("\n"))
    assert path == project / "backlog/pbi/PBI-5-moor-sail-1-id-date-x.md"
    head = path.read_text().splitlines()[:3]
    assert head == ["id: PBI-5", f"title: {title}", "status: open"]


def test_an_item_made_by_hand_is_never_given_its_id_again(aklo: Aklo, project: Path) -> None:
    succeed(aklo("new", "task", "first"))
    (project / "backlog/task/TASK-41-by-hand.md").write_text("id: TASK-41\nstatus: done\n")
    assert "/TASK-42-second.md" in succeed(aklo("new", "task", "second"))
    assert metrics(project)["id_misses"] == 2


@pytest.mark.parametrize(
    ("arguments", "status", "message"),
    [
        (("nonsense",), 1, "unknown command 'nonsense'"),
        (("new",), 2, "which kind of item?"),
        (("new", "epic", "x"), 2, "'epic' is not a kind of item"),
        (("new", "pbi", "  "), 2, "an item needs a title"),
        (("cache",), 2, "what about the cache?"),
        (("cache", "burn"), 2, "unknown action 'burn'"),
        (("cache", "benchmark", "--rounds", "0"), 2, "--rounds takes a number"),
        (("monitor", "--count"), 2, "--count cannot be ''"),
        (("config", "get", "NO_SUCH_KEY"), 1, "has the key 'NO_SUCH_KEY'"),
        (("config", "get", "a;b"), 2, "'a;b' is not the name of a key"),
        (("status", "now"), 2, "unexpected argument 'now'"),
    ],
)
def test_what_cannot_be_done_says_so(
    aklo: Aklo, arguments: tuple[str, ...], status: int, message: str
) -> None:
    run = aklo(*arguments)
    assert (run.returncode, run.stdout) == (status, "")
    assert message in run.stderr


def test_an_unknown_command_is_answered_with_the_list_of_commands(aklo: Aklo) -> None:
    listed = re.findall(r"^  (\w+) ", aklo("nonsense").stderr, re.MULTILINE)
    assert tuple(listed) == COMMANDS


def test_outside_a_project_state_goes_below_the_users_cache_directory(
    aklo: Aklo, environment: dict[str, str], tmp_path: Path
) -> None:
    run = aklo("status", cwd=tmp_path)
    assert run.returncode == 1
    assert "no .aklo.conf" in run.stderr
    log = Path(environment["HOME"]) / ".cache/aklo/.aklo_metrics/session.log"
    assert "|command|status|" in log.read_text()


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("PROJECT_NAME", "Harbour: search # 1"),
        ("ARCH_DIR", "backlog/arch"),
        ("IO_ALERT_THRESHOLD_MS", "500"),
        ("cache.cache_dir", ".aklo_cache"),
        ("cache.ttl_days", "7"),
        ("profile.fast.PROJECT_NAME", "fast"),
    ],
)
def test_config_reads_quotes_comments_and_sections_and_falls_back_on_the_tools_file(
    aklo: Aklo, key: str, value: str
) -> None:
    assert succeed(aklo("config", "get", key)) == f"{value}\n"
    assert f"{key}={value}\n" in succeed(aklo("config", "list"))


def test_a_text_where_a_number_should_be_is_not_evaluated(aklo: Aklo, project: Path) -> None:
    conf = project / ".aklo.conf"
    harmful = "a[$(touch harmed >&2)]"
    conf.write_text(f"IO_ALERT_THRESHOLD_MS={harmful}\n" + conf.read_text() + "[cache]\n")
    for key in ("max_size_mb", "ttl_days"):
        conf.write_text(conf.read_text() + f"{key}={harmful}\n")
    for arguments in (("new", "pbi", "x"), ("new", "pbi", "y"), ("monitor",), ("cache", "status")):
        succeed(aklo(*arguments))
    assert not (project / "harmed").exists()


def test_a_second_structure_is_a_hit_and_a_changed_protocol_a_miss(
    aklo: Aklo, project: Path
) -> None:
    cache, protocol = project / ".aklo_cache", project / "protocols/planning.md"
    for title in ("one", "two"):
        succeed(aklo("new", "pbi", title))
    assert metrics(project) == {
        "hits": 2,
        "misses": 2,
        "parsed_hits": 1,
        "parsed_misses": 1,
        "id_hits": 1,
        "id_misses": 1,
    }
    os.utime(protocol, (1, 1))
    succeed(aklo("new", "pbi", "three"))
    assert metrics(project)["parsed_misses"] == 2
    assert (cache / "planning_pbi.parsed.mtime").read_text() == "1\n"
    assert (cache / "planning_pbi.parsed").read_text().startswith("id: {{id}}\n")


def test_a_second_status_scans_nothing_and_learns_the_patterns_anew(
    aklo: Aklo, project: Path, environment: dict[str, str]
) -> None:
    succeed(aklo("status"))
    assert metrics(project) == {
        "hits": 4,
        "misses": 8,
        "scan_hits": 4,
        "scan_misses": 4,
        "regex_misses": 4,
    }
    succeed(aklo("status"))
    after = metrics(project)
    assert (after["scan_hits"], after["scan_misses"], after["regex_misses"]) == (12, 4, 8)
    assert len(list(Path(environment["AKLO_SCAN_CACHE_DIR"]).glob("*.cache"))) == 4


def test_a_disabled_parsed_cache_is_neither_read_nor_written(aklo: Aklo, project: Path) -> None:
    conf = project / ".aklo.conf"
    conf.write_text(conf.read_text().replace("enabled=true", "enabled=false"))
    succeed(aklo("new", "pbi", "x"))
    assert "parsed_misses" not in metrics(project)
    assert not list((project / ".aklo_cache").glob("planning_*"))


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a directory away")
def test_a_scan_directory_of_somebody_else_is_not_used(
    aklo: Aklo, environment: dict[str, str], project: Path
) -> None:
    scans = Path(environment["AKLO_SCAN_CACHE_DIR"])
    scans.mkdir()
    os.chown(scans, 65534, 65534)
    succeed(aklo("status"))
    assert metrics(project)["scan_misses"] == 8
    assert not list(scans.iterdir())


def test_cleanup_on_start_drops_what_is_older_than_the_ttl(aklo: Aklo, project: Path) -> None:
    cache, conf = project / ".aklo_cache", project / ".aklo.conf"
    conf.write_text(conf.read_text().replace("cleanup_on_start=false", "cleanup_on_start=true"))
    succeed(aklo("new", "pbi", "x"))
    os.utime(cache / "planning_pbi.parsed", (1, 1))
    succeed(aklo("--help"))
    assert [path.name for path in cache.glob("*.parsed*")] == ["pbi_id_cache.parsed"]


def test_cache_status_shows_the_metrics_and_clear_empties_the_caches(
    aklo: Aklo, project: Path, environment: dict[str, str]
) -> None:
    succeed(aklo("new", "pbi", "x"))
    succeed(aklo("status"))
    shown = succeed(aklo("cache", "status"))
    for line in ("Parsed:    1", "IDs:       1", "Scans:     4", "Hits:      4", "Misses:    10"):
        assert f"\n{line}" in shown
    succeed(aklo("cache", "clear"))
    assert not list((project / ".aklo_cache").iterdir())
    assert not list(Path(environment["AKLO_SCAN_CACHE_DIR"]).iterdir())


def test_the_dashboard_shows_ratios_and_commands_as_often_as_asked(aklo: Aklo) -> None:
    succeed(aklo("status"))
    aklo("nonsense")
    shown = succeed(aklo("monitor", "dashboard", "--count", "2", "--interval", "0"))
    assert shown.count("scan    ##########..........  50%      4       4") == 2
    assert re.search(r"^  nonsense +1 +\d+ +\d+ +1 ", shown, re.MULTILINE)


def test_the_regex_cache_returns_0_on_a_hit_and_1_on_a_miss(tool: Path, tmp_path: Path) -> None:
    script = """
        for module in core/message cache/directory cache/regex; do
            source "$AKLO_HOME/modules/$module.sh"
        done
        get_cached_regex pbi_id; echo $?
        regex_for pbi_id
        get_cached_regex pbi_id; echo $?
    """
    settings = {"AKLO_HOME": str(tool), "METRICS_FILE": str(tmp_path / "metrics.json")}
    output = subprocess.check_output(["bash", "-c", script], env=os.environ | settings, text=True)
    assert output == "1\n^PBI-[0-9]+\n0\n"


def test_every_start_sources_more_than_thirty_modules(
    aklo: Aklo, strace: tuple[str, ...], tmp_path: Path
) -> None:
    log = tmp_path / "log"
    succeed(aklo("--help", prefix=(*strace, "-e", "trace=openat", "-o", str(log))))
    opened = re.findall(r'/modules/(\w+/\w+\.sh)"', log.read_text())
    assert len(set(opened)) >= 30
    assert opened.count("core/config.sh") > 1


def process_count(aklo: Aklo, strace: tuple[str, ...], log: Path) -> int:
    prefix = (*strace, "-e", "trace=execve", "-o", str(log))
    succeed(aklo("cache", "benchmark", "--rounds", "1", prefix=prefix))
    return len(re.findall(r"^\d+ +\+{3} exited with", log.read_text(), re.MULTILINE))


def test_the_benchmark_starts_the_same_number_of_processes_every_time(
    aklo: Aklo, strace: tuple[str, ...], tmp_path: Path
) -> None:
    first, second = (process_count(aklo, strace, tmp_path / name) for name in "ab")
    assert first == second > 500


def test_the_benchmark_counts_the_lookups_that_it_made(aklo: Aklo) -> None:
    shown = succeed(aklo("cache", "benchmark", "--rounds", "2"))
    rows = re.findall(r"^(\w+) +(\d+) .*x +(\d+) +(\d+)$", shown, re.MULTILINE)
    assert rows == [
        ("parsed", "8", "8", "8"),
        ("id", "8", "8", "8"),
        ("scan", "8", "8", "8"),
        ("regex", "8", "12", "4"),
    ]


def test_the_benchmark_and_status_leave_the_source_tree_clean(
    aklo: Aklo, tool: Path, project: Path, environment: dict[str, str]
) -> None:
    def git(*arguments: str) -> str:
        identity = ("-c", "user.name=a", "-c", "user.email=a@example.org")
        command = ["git", *identity, *arguments]
        return subprocess.check_output(command, cwd=tool, env=environment, text=True)

    git("init", "-q")
    git("add", ".")
    git("commit", "-q", "-m", "x")
    for directory in (project, tool, tool / "config"):
        succeed(aklo("cache", "benchmark", "--rounds", "1", cwd=directory))
    succeed(aklo("status"))
    assert git("status", "--porcelain") == ""
    assert not list(Path(environment["TMPDIR"]).iterdir())


def test_a_benchmark_that_is_terminated_removes_its_directory(
    tool: Path, project: Path, environment: dict[str, str]
) -> None:
    command = [str(tool / "bin" / "aklo"), "cache", "benchmark"]
    with subprocess.Popen(command, cwd=project, env=environment, stdout=subprocess.PIPE) as run:
        assert run.stdout is not None
        while b"without ms" not in run.stdout.readline():
            assert run.poll() is None
        assert list(Path(environment["TMPDIR"]).iterdir())
        run.terminate()
    assert run.returncode == -signal.SIGTERM
    assert not list(Path(environment["TMPDIR"]).iterdir())


@pytest.mark.skipif(shutil.which("shellcheck") is None, reason="shellcheck is not installed")
def test_shellcheck_has_nothing_to_say() -> None:
    command = ["shellcheck", "-x", "-a", "bin/aklo"]
    run = subprocess.run(command, cwd=EXAMPLE, capture_output=True, text=True)
    assert (run.returncode, run.stdout) == (0, "")
