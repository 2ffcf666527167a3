"""What is the engine bcc's own: when it is chosen, how it loads, what becomes of a full table."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from aklo_trace.bcc.headers import Headers
from aklo_trace.bcc.maps import map_orders
from aklo_trace.bcc.programs import Programs
from aklo_trace.ebpf import layout
from aklo_trace.errors import CaptureError
from aklo_trace.schema import SyscallFlag

from .processes import holder_of, is_gone, programs_of
from .recording import TIMEOUT_S, Recorder, await_that
from .test_conservation import assert_conserved
from .test_nameless import moved

ENGINES = ("bcc",)

MOST_MEMORY_BYTES = 100 << 20
WITHOUT_BTF = (
    *("unshare", "--mount", "sh", "-c"),
    *('mount -t tmpfs none /sys/kernel/btf && exec "$@"', "sh"),
)
"""Hides the kernel's type information from a command, and from nobody else."""
FEW_TASKS = """
import sys
from aklo_trace.bcc import maps
from aklo_trace.cli import main
maps.TASKS = 3
sys.exit(main(sys.argv[1:]))
"""
NO_TABLE = """
import sys
from aklo_trace.bcc import under_way
from aklo_trace.cli import main
def bpf(*_):
    raise PermissionError
under_way.bpf = bpf
sys.exit(main(sys.argv[1:]))
"""


def automatic(record: Recorder) -> Recorder:
    return Recorder("auto", record.folder, record.environ)


def test_auto_takes_it_where_there_is_no_type_information(record: Recorder) -> None:
    if not shutil.which("unshare"):
        pytest.skip("there is no unshare(1)")
    recording = automatic(record)("sh", "-c", "/bin/true; exit 3", prefix=WITHOUT_BTF)
    assert recording.meta.engine == "bcc"
    assert "ebpf cannot run: the kernel gives no type information" in recording.meta.engine_reason
    assert recording.meta.complete
    assert [image["argv"][0] for image in recording.images] == ["sh", "/bin/true"]
    assert sorted(row["exit_status"] for row in recording.processes) == [0, 3]


def test_auto_takes_ebpf_where_that_can_run(record: Recorder, bpf: object) -> None:
    del bpf  # skips where it cannot
    assert automatic(record)("true").meta.engine == "ebpf"


def test_what_it_cannot_see_is_said_and_null(record: Recorder) -> None:
    recording = record("true")
    (note,) = (note for note in recording.meta.notes if "bcc" in note)
    assert "functions and lines of shells" in note
    assert "--programs" not in note  # that it can
    (process,) = recording.processes
    assert (process["max_rss_bytes"], process["run_delay_ns"]) == (None, None)
    assert all(row["dev"] is None and row["inode"] is None for row in recording.files)


def test_the_recorder_stays_small(record: Recorder) -> None:
    """The compiler's memory goes with the process that compiled."""
    assert 0 < (record("true").meta.recorder_max_rss_bytes or 0) < MOST_MEMORY_BYTES


def test_nothing_is_left_behind(record: Recorder) -> None:
    mounts = Path("/proc/self/mountinfo").read_text()
    process = record.start("cat", stdin=subprocess.PIPE)
    with process:
        events = record.folder / "trace/live/events.bin"
        await_that(lambda: events.exists() and holder_of(events), "the recorder")
        programs = programs_of(holder_of(events) or 0)
    record.ended(process)
    assert len(programs) == 8
    await_that(lambda: all(map(is_gone, programs)), "the end of the programs")
    assert Path("/proc/self/mountinfo").read_text() == mounts


def test_tasks_that_do_not_fit_are_counted(record: Recorder, workloads: Path) -> None:
    trace = record.folder / "trace"
    options = ("record", "--engine", "bcc", "--quiet", "-o", trace, "--")
    command = [sys.executable, "-c", FEW_TASKS, *options, workloads / "getpid_storm", "12", "20000"]
    subprocess.run(command, env=record.environ, check=True, timeout=TIMEOUT_S)
    recording = record.opened("trace")
    lost = recording.meta.loss["task_state_full"]
    assert lost > 0
    assert len(recording.processes) + lost == 13
    assert not recording.meta.complete


def test_calls_stay_in_flight_where_the_table_may_not_be_read(
    record: Recorder, workloads: Path
) -> None:
    trace = record.folder / "trace"
    options = ("record", "--engine", "bcc", "--quiet", "-o", trace, "--")
    command = [sys.executable, "-c", NO_TABLE, *options, workloads / "family", "daemon"]
    with subprocess.Popen(command, env=record.environ, stdin=subprocess.PIPE) as process:
        process.wait(TIMEOUT_S)  # the daemon's input is closed after that
    recording = record.opened("trace")
    assert recording.meta.in_flight_by_syscall == {"read": 1}
    assert recording.meta.complete
    assert_conserved(recording)


@pytest.mark.parametrize("variables", [(), ("A=1", "B=")])
def test_arguments_end_where_the_environment_begins(
    record: Recorder, variables: tuple[str, ...]
) -> None:
    """Or, where there is none, the name of the program."""
    recording = record("env", "-i", *variables, "/bin/true", "a b", "", "c")
    assert recording.images[-1]["argv"] == ["/bin/true", "a b", "", "c"]


def test_arguments_of_many_pieces(record: Recorder) -> None:
    recording = record("bash", "-c", "exec -a '' /bin/true $(seq 30000)")
    assert recording.images[-1]["argv"] == ["", *map(str, range(1, 30001))]
    assert recording.images[-1]["exe"] == "/bin/true"


@pytest.mark.usefixtures("capturing")
def test_why_it_cannot_load_is_said(tmp_path: Path) -> None:
    (tmp_path / "__init__.py").write_text("raise ImportError('libbcc.so.0 is missing')")
    orders = map_orders(1, 64, 4096, bytes(layout.CONFIG_BYTES))
    with pytest.raises(CaptureError, match=r"bcc cannot load .*: libbcc\.so\.0 is missing\."):
        Programs(tmp_path, Headers({}, ()), orders)


def test_where_a_process_is_after_a_lost_move_is_unknown(
    record: Recorder, workloads: Path, tmp_path: Path
) -> None:
    recording = moved(record, workloads, tmp_path)
    relative = [call for call in recording.calls if call.path in ("in-0", "in-1")]
    assert relative
    assert all(call.flags & SyscallFlag.PATH_RELATIVE for call in relative)
