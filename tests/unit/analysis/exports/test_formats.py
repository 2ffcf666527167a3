"""All formats: they are offered, documented, and written where they are wanted."""

from __future__ import annotations

import gzip
import os
import subprocess
import sys
from pathlib import Path

import pytest

from aklo_analysis.exports import EXPORTS
from aklo_trace import contents, output
from aklo_trace.errors import StoreError

from ..sample import sample_trace
from .written import written

PAGE = Path(__file__).parents[4] / "docs" / "exports.md"
NAMES = [export.name for export in EXPORTS]


def run(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "aklo_trace", "export", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


@pytest.fixture(scope="module")
def trace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return sample_trace().write(tmp_path_factory.mktemp("traces") / "trace")


def test_the_command_offers_all_formats() -> None:
    assert list(contents.EXPORTS) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_a_format_is_documented(name: str) -> None:
    assert f"--format {name}" in PAGE.read_text()


def test_a_trace_is_written_to_standard_output(trace: Path) -> None:
    done = run(trace, "--format", "csv")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == written(sample_trace(), "csv")


def test_a_file_is_for_its_owner_and_not_replaced_unless_that_is_wanted(
    trace: Path, tmp_path: Path
) -> None:
    file = tmp_path / "calls.csv.gz"
    assert run(trace, "--format", "csv", "-o", file).returncode == 0
    assert file.stat().st_mode & 0o777 == 0o600
    whole = gzip.decompress(file.read_bytes()).decode()
    assert whole == written(sample_trace(), "csv")
    done = run(trace, "--format", "strace", "-o", file)
    assert (done.returncode, "exists already" in done.stderr) == (1, True)
    assert gzip.decompress(file.read_bytes()).decode() == whole
    assert run(trace, "--format", "strace", "-o", file, "--force").returncode == 0
    assert gzip.decompress(file.read_bytes()).decode() == written(sample_trace(), "strace")


@pytest.mark.parametrize(
    "options", [("chrome", "--weight", "cpu"), ("folded", "--table", "files"), ("xml",)]
)
def test_options_that_mean_nothing_are_refused(options: tuple[str, ...], trace: Path) -> None:
    done = run(trace, "--format", *options)
    assert (done.returncode, done.stdout) == (2, "")


def test_a_file_that_was_not_finished_goes_again(tmp_path: Path) -> None:
    file = tmp_path / "out"
    with pytest.raises(UnicodeError), output.opened(file, False) as stream:
        stream.write(b"\xff".decode("ascii"))
    assert not file.exists()
    with pytest.raises(StoreError, match="cannot be written: No such file"):
        output.opened(tmp_path / "none" / "out", False).__enter__()


def test_what_is_replaced_stays_until_all_is_written(tmp_path: Path) -> None:
    file = tmp_path / "out"
    file.write_text("before")
    file.chmod(0o644)
    with pytest.raises(UnicodeError), output.opened(file, True) as stream:
        stream.write(b"\xff".decode("ascii"))
    assert file.read_text() == "before"
    with output.opened(file, True) as stream:
        stream.write("after")
        stream.flush()
        assert file.read_text() == "before"
    assert file.read_text() == "after"
    assert file.stat().st_mode & 0o777 == 0o600
    assert list(tmp_path.iterdir()) == [file]


@pytest.mark.parametrize("theirs", ["file", "none"])
def test_nothing_is_written_through_a_link(tmp_path: Path, theirs: str) -> None:
    (tmp_path / "file").write_text("theirs")
    link = tmp_path / "link"
    link.symlink_to(tmp_path / theirs)
    with pytest.raises(StoreError, match=f"symbolic link to .*{theirs}"):
        output.opened(link, True).__enter__()
    assert (tmp_path / "file").read_text() == "theirs"
    assert not (tmp_path / "none").exists()


def test_a_pipe_of_the_shell_is_written_to(tmp_path: Path) -> None:
    reads, writes = os.pipe()
    link = tmp_path / "link"
    link.symlink_to(f"/proc/self/fd/{writes}")
    with output.opened(link, True) as stream:
        stream.write("through")
    os.close(writes)
    with os.fdopen(reads) as file:
        assert file.read() == "through"
    assert link.is_symlink()


def test_a_damaged_table_is_said(tmp_path: Path) -> None:
    directory = sample_trace().write(tmp_path / "trace")
    part = directory / "syscalls" / "part-00000.parquet"
    part.write_bytes(part.read_bytes()[:-100])
    done = run(directory, "--format", "jsonl", "-o", tmp_path / "out")
    assert done.returncode == 1
    assert "The table syscalls" in done.stderr
    assert not (tmp_path / "out").exists()
    (tmp_path / "old").write_text("before")
    assert run(directory, "--format", "jsonl", "-o", tmp_path / "old", "--force").returncode == 1
    assert (tmp_path / "old").read_text() == "before"
