"""The grammar of one line, form by form."""

from __future__ import annotations

import errno
import signal
import stat
from typing import Any

import pytest

from aklo_trace.events import CWD, NO_STRING, NULL
from aklo_trace.schema import ImageFlag, SyscallFlag
from aklo_trace.strace.calls import Image
from aklo_trace.strace.descriptors import Descriptor
from aklo_trace.strace.line import Call, Note, NoteKind, Part, read_line
from aklo_trace.syscalls import by_name


def call(text: str) -> Call:
    found = read_line(text.encode("latin1"))
    assert isinstance(found, Call), text
    return found


FORMS: list[tuple[str, str, dict[str, Any]]] = [
    # return values
    ("brk(NULL)  = 0x55de9935b000", "brk", {"ret": 0x55DE9935B000}),
    ("brk(NULL)                      = 0x1 <0.000012>", "brk", {"ret": 1, "dur_ns": 12_000}),
    ('read(3, "", 1) = 0 <1.000000001>', "read", {"ret": 0, "dur_ns": 1_000_000_001, "fd": 3}),
    ('read(3, "", 1) = 0 <2>', "read", {"ret": 0, "dur_ns": 2_000_000_000, "fd": 3}),
    ("umask(022) = 077", "umask", {"ret": 0o77}),
    ("lseek(3, -5, SEEK_CUR) = 281474976710655", "lseek", {"ret": 281474976710655, "fd": 3}),
    ("getpid() = 0x72c6", "getpid", {"ret": 0x72C6}),
    ("prctl(PR_SET_NAME, 1) = -22", "prctl", {"ret": -22}),
    ("mmap(NULL, 1, 0, 0, 3, 0) = 0xffffffffffffffff", "mmap", {"ret": -1, "fd": 3}),
    (
        "wait4(-1, [{WIFEXITED(s) && WEXITSTATUS(s) == 0}], 0, NULL) = 21741<bash>",
        "wait4",
        {"ret": 21741},
    ),
    ("getppid() = 5 /* 1234 in strace's PID NS */", "getppid", {"ret": 5}),
    (
        "poll([{fd=3</a) = 5>, events=POLLIN}], 1, 0) = 1 ([{fd=3</a) = 5>, revents=POLLIN}])",
        "poll",
        {"ret": 1},
    ),
    ("select(4, [3], NULL, NULL, NULL) = 1 (in [3])", "select", {"ret": 1}),
    ("poll([{fd=3, events=POLLIN}], 1, 0) = 0 (Timeout)", "poll", {"ret": 0}),
    ("fcntl(3, F_GETFL) = 0x8002 (flags O_RDWR|O_LARGEFILE)", "fcntl", {"ret": 0x8002, "fd": 3}),
    # errors
    (
        'access("/x", R_OK) = -1 ENOENT (No such file or directory) <0.1>',
        "access",
        {"ret": -1, "errno": errno.ENOENT, "path": b"/x", "base": CWD, "dur_ns": 100_000_000},
    ),
    ("close(3) = -1 (errno 524)", "close", {"ret": -1, "errno": 524, "fd": 3}),
    (
        "close(3) = -1 EBADF (Bad file descriptor) (INJECTED)",
        "close",
        {"ret": -1, "errno": errno.EBADF, "fd": 3, "flags": SyscallFlag.INJECTED},
    ),
    (
        "close(3) = 0 (INJECTED: args, retval) (DELAYED) <0.5>",
        "close",
        {"ret": 0, "fd": 3, "flags": SyscallFlag.INJECTED, "dur_ns": 500_000_000},
    ),
    ("close(3) = 0 (DELAYED)", "close", {"ret": 0, "fd": 3}),
    (
        "wait4(-1, 0x7ffd, 0, NULL) = ? ERESTARTSYS (To be restarted if SA_RESTART is set)",
        "wait4",
        {"ret": NULL, "errno": 512, "flags": SyscallFlag.INTERRUPTED},
    ),
    (
        "clock_nanosleep(0, 0, {}, 0x7f) = ? ERESTART_RESTARTBLOCK (Interrupted by signal) <0.2>",
        "clock_nanosleep",
        {"ret": NULL, "errno": 516, "flags": SyscallFlag.INTERRUPTED, "dur_ns": 200_000_000},
    ),
    # calls that don't return
    ("exit_group(3) = ?", "exit_group", {"status": 3, "flags": SyscallFlag.UNFINISHED}),
    ("exit(-1) = ?", "exit", {"status": 255, "flags": SyscallFlag.UNFINISHED}),
    ("read(3,  <unfinished ...>) = ?", "read", {"fd": 3, "flags": SyscallFlag.UNFINISHED}),
    ("read(3, ) = ? <unavailable>", "read", {"fd": 3, "flags": SyscallFlag.UNFINISHED}),
    ("pause( <detached ...>", "pause", {"flags": SyscallFlag.UNFINISHED}),
    ("rt_sigreturn({mask=[]}) = 17", "rt_sigreturn", {"ret": NULL}),
    (
        "rt_sigreturn({mask=[]}) = -1 EINTR (Interrupted system call) <0.000007>",
        "rt_sigreturn",
        {"ret": NULL, "errno": 0, "flags": 0, "dur_ns": 7000},
    ),
    ("restart_syscall(<... resuming interrupted read ...>) = 0", "restart_syscall", {"ret": 0}),
    # descriptors
    (
        'read(3</a, "b")= 5 \\741\\76>, "x) = 7", 9) = 9',
        "read",
        {"ret": 9, "fd": 3, "file": Descriptor(b'/a, "b")= 5 <1>')},
    ),
    ('write(1</x>(deleted), "y", 1) = 1', "write", {"ret": 1, "fd": 1, "file": Descriptor(b"/x")}),
    (
        'write(1</dev/null<char 1:3>>, "", 0) = 0',
        "write",
        {"ret": 0, "fd": 1, "file": Descriptor(b"/dev/null", mode=stat.S_IFCHR)},
    ),
    (
        'read(0<pipe:[99]>, "", 1) = 0',
        "read",
        {"ret": 0, "fd": 0, "file": Descriptor(None, 99, stat.S_IFIFO)},
    ),
    (
        'read(0<TCP:[1.2.3.4:5->6.7.8.9:10]>, "", 1) = 0',
        "read",
        {"ret": 0, "fd": 0, "file": Descriptor(b"TCP:[1.2.3.4:5->6.7.8.9:10]", mode=stat.S_IFSOCK)},
    ),
    (
        'read(0<UNIX-STREAM:[1->2,"/p]>) = 3"]>, "", 1) = 0',
        "read",
        {
            "ret": 0,
            "fd": 0,
            "file": Descriptor(b'UNIX-STREAM:[1->2,"/p]>) = 3"]', mode=stat.S_IFSOCK),
        },
    ),
    (
        'openat(AT_FDCWD</w>, "f", O_RDONLY) = 3</w/f) = 4>',
        "openat",
        {"ret": 3, "fd": 3, "file": Descriptor(b"/w/f) = 4"), "path": b"f", "base": b"/w"},
    ),
    (
        'openat(7</d>, "f", O_RDONLY) = -1 ENOENT (No such file or directory)',
        "openat",
        {"ret": -1, "errno": 2, "path": b"f", "base": b"/d"},
    ),
    (
        'openat(7, "f", O_RDONLY) = 3',
        "openat",
        {"ret": 3, "fd": 3, "path": b"f", "base": NO_STRING},
    ),
    (
        'openat(-100 /* AT_FDCWD */, "f", 0) = 3',
        "openat",
        {"ret": 3, "fd": 3, "path": b"f", "base": CWD},
    ),
    (
        'openat(dirfd=AT_FDCWD, pathname="f", flags=O_RDONLY) = 3',
        "openat",
        {"ret": 3, "fd": 3, "path": b"f", "base": CWD},
    ),
    (
        'openat(AT_FDCWD</w> [home_t], "f" [user_t], O_RDONLY) = 3</w/f> [user_t]',
        "openat",
        {"ret": 3, "fd": 3, "path": b"f", "base": b"/w", "file": Descriptor(b"/w/f")},
    ),
    (
        "openat(0xffffff9c, 0x7ffe5, 0, 0) = 0x3",
        "openat",
        {"ret": 3, "fd": 3, "flags": SyscallFlag.PATH_UNREADABLE},
    ),
    (
        "dup2(3</a>, 1</b>) = 1</a>",
        "dup2",
        {"ret": 1, "fd": 3, "file": Descriptor(b"/a"), "file2": Descriptor(b"/b")},
    ),
    (
        "mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, 3</a, b>, 0) = 0x10",
        "mmap",
        {"ret": 16, "fd": 3, "file": Descriptor(b"/a, b")},
    ),
    ("mmap(NULL, 4096, PROT_READ, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = 0x10", "mmap", {"ret": 16}),
    ("close(-1) = -1 EBADF (Bad file descriptor)", "close", {"ret": -1, "errno": errno.EBADF}),
    # paths
    (
        'stat("/a\\nb\\"c\\303\\251", {st_mode=S_IFREG|0644, ...}) = 0',
        "stat",
        {"ret": 0, "path": b'/a\nb"c\xc3\xa9', "base": CWD},
    ),
    (
        'stat("/long"..., 0x7ffe) = -1 ENOENT (No such file or directory)',
        "stat",
        {"ret": -1, "errno": 2, "path": b"/long", "base": CWD, "flags": SyscallFlag.PATH_TRUNCATED},
    ),
    ("stat(NULL, 0x7ffe) = -1 EFAULT (Bad address)", "stat", {"ret": -1, "errno": errno.EFAULT}),
    (
        'newfstatat(3</d>, "", {...}, AT_EMPTY_PATH) = 0',
        "newfstatat",
        {"ret": 0, "fd": 3, "file": Descriptor(b"/d"), "path": None},
    ),
    (
        'rename("a", "b") = 0',
        "rename",
        {"ret": 0, "path": b"a", "base": CWD, "path2": b"b", "base2": CWD},
    ),
    (
        'renameat2(AT_FDCWD</w>, "a", 5</d>, "b", RENAME_NOREPLACE) = 0',
        "renameat2",
        {"ret": 0, "path": b"a", "base": b"/w", "path2": b"b", "base2": b"/d"},
    ),
    ('symlink("target", "link") = 0', "symlink", {"ret": 0, "path": b"link", "base": CWD}),
    # offsets
    ('pread64(3, "a, 5) = 6", 784, 64) = 784', "pread64", {"ret": 784, "fd": 3, "offset": 64}),
    ('pwrite64(3, ""..., 1, 8589934592) = 1', "pwrite64", {"ret": 1, "fd": 3, "offset": 1 << 33}),
    # processes
    (
        "clone(child_stack=NULL, flags=CLONE_CHILD_SETTID|SIGCHLD, child_tidptr=0x7) = 77",
        "clone",
        {"ret": 77, "spawned": 77},
    ),
    ("clone(0x10f00, 0x7f, 0, 0, 0) = 0x4d", "clone", {"ret": 77, "spawned": 77, "thread": True}),
    (
        "clone3({flags=CLONE_VM|CLONE_THREAD, stack=0x7}, 88) = 77",
        "clone3",
        {"ret": 77, "spawned": 77, "thread": True},
    ),
    ("fork() = 5<bash> /* 1234 in strace's PID NS */", "fork", {"ret": 5, "spawned": 1234}),
    (
        'execve("/bin/sh", ["sh", "-c", "a \\"b, c\\""], 0x7 /* 3 vars */) = 0',
        "execve",
        {
            "ret": 0,
            "path": b"/bin/sh",
            "base": CWD,
            "image": Image(b"/bin/sh", (b"sh", b"-c", b'a "b, c"')),
        },
    ),
    (
        'execve("/bin/sh", ["sh", "long"..., ...], ["A=1"]) = 0',
        "execve",
        {
            "ret": 0,
            "path": b"/bin/sh",
            "base": CWD,
            "image": Image(b"/bin/sh", (b"sh", b"long"), ImageFlag.ARGV_TRUNCATED),
        },
    ),
    (
        'execve("/bin/sh", 0x7ffe, 0x7ffd) = 0',
        "execve",
        {
            "ret": 0,
            "path": b"/bin/sh",
            "base": CWD,
            "image": Image(b"/bin/sh", None, ImageFlag.ARGV_UNREADABLE),
        },
    ),
    (
        'execve("/bin/sh", [], NULL) = 0',
        "execve",
        {"ret": 0, "path": b"/bin/sh", "base": CWD, "image": Image(b"/bin/sh", ())},
    ),
    (
        'execveat(5</d>, "sh", ["sh"], 0x7 /* 1 var */, 0) = 0',
        "execveat",
        {"ret": 0, "path": b"sh", "base": b"/d", "image": Image(b"sh", (b"sh",))},
    ),
    # names that are not in the table
    (
        "syscall_0x1f4(0x1, 0x2) = -1 ENOSYS (Function not implemented)",
        "unknown",
        {"ret": -1, "errno": errno.ENOSYS},
    ),
    ('pread(3, "", 1, 2) = 0', "pread64", {"ret": 0, "fd": 3, "offset": 2}),
    (
        "pipe([3</x>, 4</y, z>]) = 0",
        "pipe",
        {"ret": 0, "fd": 3, "file": Descriptor(b"/x"), "file2": Descriptor(b"/y, z")},
    ),
    ("socketpair(AF_UNIX, SOCK_STREAM, 0, [5, 6]) = 0", "socketpair", {"ret": 0, "fd": 5}),
    ("pipe2(0x7f0, 0) = -1 EMFILE (Too many open files)", "pipe2", {"ret": -1, "errno": 24}),
    ("????() = ?", "unknown", {"flags": SyscallFlag.UNFINISHED}),
]


@pytest.mark.parametrize(("text", "name", "fields"), FORMS, ids=[form[0] for form in FORMS])
def test_whole_calls(text: str, name: str, fields: dict[str, Any]) -> None:
    assert call(text) == Call(Part.WHOLE, by_name()[name].code, **fields)


HALVES: list[tuple[str, Part, str, dict[str, Any]]] = [
    ("read(3</x>,  <unfinished ...>", Part.BEGIN, "read", {"fd": 3, "file": Descriptor(b"/x")}),
    ("pause( <unfinished ...>", Part.BEGIN, "pause", {}),
    (
        "restart_syscall(<... resuming interrupted read ...> <unfinished ...>",
        Part.BEGIN,
        "restart_syscall",
        {},
    ),
    ('write(1, "<unfinished ...>" <unfinished ...>', Part.BEGIN, "write", {"fd": 1}),
    (
        'execve("/x", ["x"], 0x7 /* 1 var */ <pid changed to 5 ...>',
        Part.BEGIN,
        "execve",
        {"path": b"/x", "base": CWD, "image": Image(b"/x", (b"x",))},
    ),
    ("exit_group(7 <unfinished ...>", Part.BEGIN, "exit_group", {"status": 7}),
    (
        '<... read resumed>"a) = 1", 5) = 3 <0.1>',
        Part.END,
        "read",
        {"ret": 3, "dur_ns": 100_000_000},
    ),
    ("<... pause resumed> ) = 0", Part.END, "pause", {"ret": 0}),
    (
        "<... openat resumed>) = 3</x>",
        Part.END,
        "openat",
        {"ret": 3, "fd": 3, "file": Descriptor(b"/x")},
    ),
    (
        '<... pread64 resumed>"a, 7", 784, 64) = 784',
        Part.END,
        "pread64",
        {"ret": 784, "offset": 64},
    ),
    ("<... clone resumed>, child_tidptr=0x7) = 77", Part.END, "clone", {"ret": 77, "spawned": 77}),
    (
        "<... nanosleep resumed> <unfinished ...>) = ?",
        Part.END,
        "nanosleep",
        {"flags": SyscallFlag.UNFINISHED},
    ),
    ("<... wait4 resumed> <detached ...>", Part.END, "wait4", {"flags": SyscallFlag.UNFINISHED}),
    ("???( <unfinished ...>", Part.BEGIN, "unknown", {}),
    ("<... ??? resumed>) = ?", Part.END, "unknown", {"flags": SyscallFlag.UNFINISHED}),
    ("pipe2( <unfinished ...>", Part.BEGIN, "pipe2", {}),
    ("<... pipe2 resumed>[3, 4], 0) = 0", Part.END, "pipe2", {"ret": 0, "fd": 3}),
]


@pytest.mark.parametrize(("text", "part", "name", "fields"), HALVES, ids=[h[0] for h in HALVES])
def test_halves_of_calls(text: str, part: Part, name: str, fields: dict[str, Any]) -> None:
    assert call(text) == Call(part, by_name()[name].code, **fields)


NOTES = [
    ("+++ exited with 7 +++", Note(NoteKind.EXITED, 7)),
    ("+++ killed by SIGSEGV (core dumped) +++", Note(NoteKind.KILLED, signal.SIGSEGV)),
    ("+++ killed by SIGRT_3 +++", Note(NoteKind.KILLED, 35)),
    ("+++ killed by SIG_64 +++", Note(NoteKind.KILLED, 64)),
    ("+++ killed by SIGNEW +++", Note(NoteKind.KILLED, None)),
    ("+++ superseded by execve in pid 12 +++", Note(NoteKind.SUPERSEDED, 12)),
    ("--- SIGCHLD {si_signo=SIGCHLD, si_pid=5} ---", Note(NoteKind.SIGNAL)),
    ("--- SIGCHLD (Child exited) @ 0 (0) ---", Note(NoteKind.SIGNAL)),
    ("--- stopped by SIGTSTP ---", Note(NoteKind.STOPPED)),
    ("[ Process PID=5 runs in 32 bit mode. ]", Note(NoteKind.PERSONALITY, 1)),
    ("[ Process PID=5 runs in 64 bit mode. ]", Note(NoteKind.PERSONALITY, 0)),
    ("<... read resumed> <unfinished ...>", Note(NoteKind.CONTINUED)),
    ("strace: Process 5 attached", Note(NoteKind.DIAGNOSTIC)),
    ("Process 5 detached", Note(NoteKind.DIAGNOSTIC)),
    ("strace: WARNING: whatever", Note(NoteKind.DIAGNOSTIC)),
    (" > /lib/libc.so.6(read+0x7) [0xfce67]", Note(NoteKind.STACK)),
    (
        " | 00000  68 65 6c 6c 6f                                    hello            |",
        Note(NoteKind.DUMP),
    ),
    (" * 5 bytes in buffer 0", Note(NoteKind.DUMP)),
    ("% time     seconds  usecs/call     calls    errors syscall", Note(NoteKind.SUMMARY)),
    ("------ ----------- ----------- --------- --------- ----------------", Note(NoteKind.SUMMARY)),
    ("  0.21    0.000063           7         9           futex", Note(NoteKind.SUMMARY)),
    ("100.00    0.029874          15      1898       252 total", Note(NoteKind.SUMMARY)),
    ("", Note(NoteKind.BLANK)),
]


@pytest.mark.parametrize(("text", "note"), NOTES, ids=[text for text, _ in NOTES])
def test_lines_that_are_known_not_to_be_calls(text: str, note: Note) -> None:
    assert read_line(text.encode()) == note


@pytest.mark.parametrize(
    "text",
    [
        "hello, world",
        'read(3, "x", 1) = ',
        'read(3, "x", 1) = 5 <0.0',
        'read(3, "x',
        "<... read resumed>",
        "read(3) = 5 EWHATEVER (No such name)",
        "+++ killed by",
    ],
)
def test_what_strace_does_not_write_is_refused(text: str) -> None:
    assert read_line(text.encode()) is None
