"""Calls that do not simply return: 32-bit ones, unknown ones, interrupted and endless ones."""

from __future__ import annotations

import errno
from collections.abc import Callable
from pathlib import Path

import pytest

from aklo_trace.engine import Feature
from aklo_trace.schema import SyscallFlag

from .recording import Call, Recorder, Recording

ENGINES = ("ebpf", "bcc", "strace")

ERESTARTSYS, ERESTARTNOHAND, ERESTART_RESTARTBLOCK = 512, 514, 516

Endless = Callable[[str], list[Call]]


@pytest.fixture(scope="module")
def odd(module_record: Recorder, workloads: Path) -> Recording:
    return module_record.once(workloads / "odd_calls")


@pytest.fixture(scope="module")
def compat(module_record: Recorder, workloads: Path) -> Recording:
    recording = module_record.once(workloads / "compat_calls", module_record.folder / "file")
    if recording.status == 3:
        pytest.skip("this kernel takes no 32-bit calls")
    return recording


@pytest.fixture
def endless(module_record: Recorder, workloads: Path) -> Endless:
    """The calls of the child of tests/workloads/endless_calls.c."""

    def calls(name: str) -> list[Call]:
        recording = module_record.once(workloads / "endless_calls", name)
        (child,) = recording.said["child"]
        return [call for call in recording.calls if call.pid == child]

    return calls


def of_32_bit(recording: Recording) -> list[Call]:
    return [call for call in recording.calls if call.flags & SyscallFlag.COMPAT]


def test_32_bit_calls_have_their_own_names(compat: Recording) -> None:
    names = [call.syscall for call in of_32_bit(compat)]
    assert names == ["getpid", "openat", "write", "close", "unknown"]


def test_32_bit_calls_have_their_results(compat: Recording) -> None:
    said = {name: numbers[0] for name, numbers in compat.said.items()}
    results = {call.syscall: call.ret for call in of_32_bit(compat)}
    assert results == {**said, "unknown": -1}


def test_32_bit_calls_have_their_arguments(compat: Recording, module_record: Recorder) -> None:
    _, openat, write, close, _ = of_32_bit(compat)
    assert openat.path == str(module_record.folder / "file")
    assert write.bytes == 5
    assert openat.fd == write.fd == close.fd == openat.ret
    module_record.needs(Feature.FILE_IDENTITY)
    assert openat.file_id == write.file_id == close.file_id


def test_64_bit_calls_of_the_same_program_are_not_flagged(compat: Recording) -> None:
    before = [call for call in compat.calls if not call.flags & SyscallFlag.COMPAT]
    assert {"execve", "mmap", "exit_group"} <= {call.syscall for call in before}


def test_unknown_numbers_are_calls_too(odd: Recording) -> None:
    unknown = odd.calls_of("unknown")
    assert len(unknown) >= 2  # the kernel itself may hide number -1
    assert {(call.ret, call.errno) for call in unknown} == {(-1, errno.ENOSYS)}


@pytest.mark.parametrize("name", ["access", "openat"])
def test_a_path_at_a_bad_pointer_is_unreadable(odd: Recording, name: str) -> None:
    faults = [call for call in odd.calls_of(name) if call.errno == errno.EFAULT]
    assert [call.flags for call in faults] == [SyscallFlag.PATH_UNREADABLE]
    assert faults[0].path is None


def test_a_bad_descriptor_names_no_file(odd: Recording) -> None:
    bad = [call for call in odd.calls_of("close") if call.errno == errno.EBADF]
    assert [call.fd for call in bad] == [None, 4711]
    assert {call.file_id for call in bad} == {None}


@pytest.mark.parametrize(
    ("name", "code"), [("nanosleep", ERESTART_RESTARTBLOCK), ("read", ERESTARTSYS)]
)
def test_an_interrupted_call_has_the_kernels_code(odd: Recording, name: str, code: int) -> None:
    interrupted = [call for call in odd.calls_of(name) if call.flags & SyscallFlag.INTERRUPTED]
    assert {(call.ret, call.errno) for call in interrupted} == {(None, code)}


def test_a_restarted_call_is_two_calls(odd: Recording, module_record: Recorder) -> None:
    """One that the handler without SA_RESTART ends, then one that is made twice."""
    module_record.needs(Feature.FILE_IDENTITY)
    of_pipe = [call for call in odd.calls_of("read") if call.file.get("kind") == "pipe"]
    assert [(call.ret, call.errno) for call in of_pipe] == [
        (None, ERESTARTSYS),
        (None, ERESTARTSYS),
        (1, None),
    ]
    assert of_pipe[1].fd == of_pipe[2].fd


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("read", ERESTARTSYS),
        ("nanosleep", ERESTART_RESTARTBLOCK),
        ("pause", ERESTARTNOHAND),
    ],
)
def test_a_call_that_a_signal_ended_with_its_process(
    module_record: Recorder, endless: Endless, name: str, code: int
) -> None:
    """The kernel leaves the call with its restart code before it ends the process."""
    last = endless(name)[-1]
    unfinished = module_record.lacks(Feature.LAST_RESULTS)
    assert (last.syscall, last.ret, last.errno) == (name, None, None if unfinished else code)
    assert last.flags == (SyscallFlag.UNFINISHED if unfinished else SyscallFlag.INTERRUPTED)
    assert unfinished or last.dur_ns > 0


@pytest.mark.parametrize("name", ["exit", "exit_group"])
def test_exit_never_returns(endless: Endless, name: str) -> None:
    last = endless(name)[-1]
    assert (last.syscall, last.ret, last.dur_ns) == (name, None, None)
    assert last.flags == SyscallFlag.UNFINISHED


def test_the_return_from_a_handler_returns_nothing(odd: Recording) -> None:
    """rt_sigreturn(2) leaves the register of the interrupted code in place of a result."""
    returns = odd.calls_of("rt_sigreturn")
    assert len(returns) == 3
    assert {(call.ret, call.errno) for call in returns} == {(None, None)}
