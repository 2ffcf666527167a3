"""Which value counts, where it comes from, and what is said of what cannot be used."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aklo_trace.config import configuration
from aklo_trace.config.configuration import MODEL, Configuration, load, unpacked
from aklo_trace.config.entry import DEFAULT, ENVIRONMENT, FLAG, PROJECT, SYSTEM, USER, Entry, Origin
from aklo_trace.config.keys import KEYS
from aklo_trace.config.kinds import Value

LEVELS = {
    USER: "home/.config/aklo-trace/config.toml",
    SYSTEM: "etc/aklo-trace/config.toml",
}


@pytest.fixture
def home(tmp_path: Path) -> Path:
    for path in LEVELS.values():
        (tmp_path / path).parent.mkdir(parents=True)
    (tmp_path / "project" / "deep").mkdir(parents=True)
    return tmp_path / "home"


def loaded(home: Path, **environ: str) -> Configuration:
    variables = {"XDG_CONFIG_DIRS": str(home.parent / "etc"), "PATH": "/nowhere", **environ}
    return load(home.parent / "project" / "deep", variables, home)


def origin_of(found: Configuration, name: str) -> tuple[Value, str, str, int | None]:
    setting = found.setting(name)
    place = Path(setting.origin.place).name
    return setting.value, setting.origin.level, place, setting.origin.line


def test_what_counts_most_wins_and_is_named(home: Path) -> None:
    found = loaded(home)
    assert origin_of(found, "trace.top") == (10, DEFAULT, "", None)
    (home.parent / LEVELS[SYSTEM]).write_text("[trace]\n\ntop = 1\n")
    assert origin_of(loaded(home), "trace.top") == (1, SYSTEM, "config.toml", 3)
    (home.parent / LEVELS[USER]).write_text("[trace]\ntop = 2\n")
    assert origin_of(loaded(home), "trace.top") == (2, USER, "config.toml", 2)
    tool = home.parent / "project/aklo/config/.aklo.conf"
    tool.parent.mkdir(parents=True)
    tool.write_text("[trace]\n#\n#\ntop=3\n")
    project = home.parent / "project/.aklo.conf"
    project.write_text("IO_METRICS_DIR=x\n")
    assert origin_of(loaded(home), "trace.top") == (3, PROJECT, ".aklo.conf", 4)
    project.write_text("[trace]\ntop=4\n")
    assert origin_of(loaded(home), "trace.top") == (4, PROJECT, ".aklo.conf", 2)
    found = loaded(home, AKLO_TRACE_TOP="5")
    assert origin_of(found, "trace.top") == (5, ENVIRONMENT, "AKLO_TRACE_TOP", None)
    found = found.with_flags({"trace.top": 6, "trace.color": None})
    assert origin_of(found, "trace.top") == (6, FLAG, "--top", None)
    assert origin_of(found, "trace.color")[1] == DEFAULT
    assert found.problems == ()


def test_all_that_is_wrong_is_said_at_once_with_what_is_allowed(home: Path) -> None:
    user, project = home.parent / LEVELS[USER], home.parent / "project/.aklo.conf"
    user.write_text('[trace]\ntop = "many"\ncolour = "always"\n[trases]\nx = 1\n')
    project.write_text("IO_ALERT_THRESHOLD_MS=-1\nIO_RETENTION=7\n[cache]\nttl_days=x\n")
    found = loaded(home, AKLO_TRACE_ENGINE="perf", AKLO_TRACE_TOOP="1", AKLO_TRACE_COLOR="")
    assert [str(problem) for problem in found.problems] == [
        "AKLO_TRACE_TOOP: is a variable that aklo-trace does not know",
        'AKLO_TRACE_ENGINE: trace.engine: must be auto, ebpf, bcc or strace, not "perf"',
        f"{project}:1: IO_ALERT_THRESHOLD_MS: must be a whole number from 0 to 86,400,000, "
        'not "-1"',
        f"{project}:2: IO_RETENTION: is no key; did you mean io_retention_days?",
        f'{project}:4: ttl_days: must be a number from 0 to 36,500, not "x"',
        f'{user}:2: trace.top: must be a whole number from 1 to 1,000,000, not "many"',
        f"{user}:3: trace.colour: is no key; did you mean color?",
        f"{user}:5: trases.x: is no key; the tables are {', '.join(tables())}",
    ]
    assert origin_of(found, "monitoring.alert_threshold_ms") == (1000, DEFAULT, "", None)


INVISIBLE = ("\u200b", "\u2060", "\ufe0f", "\u0430")
"""The last one looks like an a."""


@pytest.mark.parametrize("mark", INVISIBLE)
def test_a_name_that_looks_like_a_known_one_is_shown_as_it_is(mark: str, home: Path) -> None:
    project = home.parent / "project/.aklo.conf"
    project.write_text(f"[alert.slow{mark}]\nmetric=x\n[rules.sh01{mark}]\nstarts=5\n")
    (home.parent / LEVELS[USER]).write_text(f'[trace]\n"top{mark}" = 4\n')
    escaped = mark.encode("ascii", "backslashreplace").decode()
    table, rule, key = map(str, loaded(home).problems)
    assert f"2: metric: is in a table called 'alert.slow{escaped}': after its dot comes a" in table
    assert f"4: starts: is in a table called 'rules.sh01{escaped}'" in rule
    assert f"trace.top{escaped}: is no key; trace has engine, " in key
    for said in (table, rule, key):
        assert said.isascii()
        assert "did you mean" not in said


def tables() -> list[str]:
    return list(dict.fromkeys(key.name.partition(".")[0] for key in KEYS))


def test_a_bad_value_leaves_the_next_source_in_force(home: Path) -> None:
    (home.parent / LEVELS[USER]).write_text("[trace]\ntop = 2\n")
    found = loaded(home, AKLO_TRACE_TOP="none")
    assert found.setting("trace.top").value == 2
    assert len(found.problems) == 1


@pytest.mark.parametrize(
    ("content", "said"),
    [(b"top = '\xff'\n", "config.toml:1: is not UTF-8"), (b"a = ", "config.toml:1: is not TOML")],
)
def test_a_file_that_cannot_be_read_is_named(content: bytes, said: str, home: Path) -> None:
    (home.parent / LEVELS[USER]).write_bytes(content)
    (problem,) = loaded(home).problems
    assert said in str(problem)


def test_what_is_packed_is_unpacked_the_same(home: Path) -> None:
    (home.parent / "project/.aklo.conf").write_text("IO_METRICS_DIR=x\nIO_X=1\n[trace]\ntop=4\n")
    found = loaded(home)
    assert found.problems
    assert unpacked(found.packed()) == found


def test_names_count_in_either_case() -> None:
    found = configuration.resolved([Entry("Trace.TOP", 3, Origin(USER, "f", 1))])
    assert found.setting("trace.top").value == 3


GIVEN = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8)


@given(st.sampled_from(KEYS), GIVEN | st.lists(GIVEN, max_size=3))
def test_any_value_is_used_or_refused_in_words(key: object, given_value: object) -> None:
    name = key.name.replace("*", "x")  # type: ignore[attr-defined]
    found = configuration.resolved([Entry(name, given_value, Origin(USER, "f", 1))])
    assert len(found.settings) + len(found.problems) == 1
    for setting in found.settings.values():
        kind = MODEL.key(setting.name).kind
        again = list(setting.value) if isinstance(setting.value, tuple) else setting.value
        if isinstance(given_value, int | float) or isinstance(again, list):
            assert kind.read(again) == setting.value


def test_every_default_is_a_value_that_is_allowed() -> None:
    for key in KEYS:
        if key.default is not None:
            written = key.written(key.default)
            (found,) = configuration.resolved(
                configuration.toml_file.read(
                    f"[{key.table.replace('*', 'x')}]\n{key.name.rpartition('.')[2]} = {written}\n",
                    Origin(USER, "f"),
                )[0]
            ).settings.values()
            assert found.value == key.default
