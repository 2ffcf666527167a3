"""The wrapper before aklo: where it goes, what it leaves alone, and that it is never in the way."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from aklo_trace import wrapper
from aklo_trace.errors import UsageError

REAL = '#!/bin/sh\nprintf "%s|" "$0" "$@"; echo >&2 said; exit 7\n'


@pytest.fixture
def folders(tmp_path: Path) -> tuple[Path, Path]:
    """Two directories on PATH; the real aklo is in the second."""
    for name in ("before", "real"):
        (tmp_path / name).mkdir()
    program = tmp_path / "real" / "aklo"
    program.write_text(REAL)
    program.chmod(0o755)
    return tmp_path / "before", tmp_path / "real"


def path_of(*folders: Path) -> str:
    return ":".join(map(str, (*folders, "/usr/bin", "/bin")))


def run(program: Path, *words: str, path: str) -> subprocess.CompletedProcess[str]:
    command = ["/bin/sh", "-c", 'exec "$@"', "sh", str(program), *words]
    return subprocess.run(command, env={"PATH": path}, capture_output=True, text=True, timeout=60)


def test_it_goes_before_the_real_one_and_away_again(folders: tuple[Path, Path]) -> None:
    before, real = folders
    search = path_of(before, real)
    assert wrapper.place(search, None) == before
    path = wrapper.install(wrapper.place(search, None))
    assert (path, wrapper.real(search)) == (before / "aklo", real / "aklo")
    assert wrapper.is_ours(path)
    assert path.stat().st_mode & 0o777 == 0o755
    wrapper.install(before)  # once more, as after an update
    wrapper.remove(path)
    assert list(before.iterdir()) == []
    assert (real / "aklo").read_text() == REAL


def test_it_is_not_put_where_it_would_not_be_run(folders: tuple[Path, Path]) -> None:
    before, real = folders
    with pytest.raises(UsageError, match="does not precede"):
        wrapper.place(path_of(real, before), before)
    with pytest.raises(UsageError, match="No directory precedes"):
        wrapper.place(path_of(real, before), None)
    with pytest.raises(UsageError, match="no aklo"):
        wrapper.place(path_of(before), None)


@pytest.mark.parametrize("made", ["file", "link", "changed", "folder"])
def test_what_it_did_not_write_is_left_alone(folders: tuple[Path, Path], made: str) -> None:
    before, _ = folders
    path = before / "aklo"
    if made == "file":
        path.write_text(REAL)
    elif made == "link":
        path.symlink_to("/nowhere")
    elif made == "folder":
        path.mkdir()
    else:
        wrapper.install(before)
        path.write_text(path.read_text() + "echo mine\n")
    for attempt in (wrapper.install, lambda _: wrapper.remove(path)):
        with pytest.raises(UsageError, match="left alone"):
            attempt(before)
    assert path.is_symlink() or path.exists()


def test_without_a_tracer_the_real_one_runs_as_it_is(
    folders: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    before, real = folders
    monkeypatch.setattr(wrapper.sys, "executable", "/none/bin/python")
    path = wrapper.install(before)
    done = run(path, "a b", "$(c)", "*", "", path=path_of(before, real))
    assert done.stdout == f"{real}/aklo|a b|$(c)|*||"
    assert (done.returncode, done.stderr) == (
        7,
        "aklo: not traced: aklo-trace is not there any more\nsaid\n",
    )


def test_the_environment_stays_as_it_is(
    folders: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    before, real = folders
    monkeypatch.setattr(wrapper.sys, "executable", "/none/bin/python")
    (real / "aklo").write_text("#!/bin/sh\nexec env\n")
    names = ("own", "helper", "python", "real", "before", "is_past", "folder", "file")
    environ = {**dict.fromkeys(names, "mine"), "PATH": path_of(before, real)}
    plain, found = (
        subprocess.run([program], env=environ, capture_output=True, text=True, timeout=60)
        for program in (real / "aklo", wrapper.install(before))
    )
    assert sorted(found.stdout.splitlines()) == sorted(plain.stdout.splitlines())
    assert "is_past=mine" in plain.stdout


def test_path_is_no_pattern(
    folders: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, real = folders
    monkeypatch.setattr(wrapper.sys, "executable", "/none/bin/python")
    path = wrapper.install(before)
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "aklo").write_text(REAL)
    (tmp_path / "other" / "aklo").chmod(0o755)
    done = run(path, path=path_of(before, tmp_path / "o*r", real))
    assert done.stdout == f"{real}/aklo|"


def test_one_wrapper_after_the_other_ends_at_the_real_one(
    folders: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wrapper.sys, "executable", "/none/bin/python")
    (tmp_path / "first").mkdir()
    path, _ = wrapper.install(tmp_path / "first"), wrapper.install(folders[0])
    done = run(path, path=path_of(tmp_path / "first", *folders))
    assert (done.stdout, done.returncode) == (f"{folders[1]}/aklo|", 7)


def test_without_a_real_one_it_says_so(folders: tuple[Path, Path]) -> None:
    before, _ = folders
    path = wrapper.install(before)
    done = run(path, path=path_of(before))
    assert (done.returncode, "no other aklo" in done.stderr) == (127, True)


def test_the_wrapper_is_good_shell(folders: tuple[Path, Path]) -> None:
    path = wrapper.install(folders[0])
    done = subprocess.run(["shellcheck", "-s", "sh", path], capture_output=True, text=True)
    assert done.stdout == ""
