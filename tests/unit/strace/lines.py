"""Lines as strace writes them, with the nastiest contents, and spoilt ones."""

from __future__ import annotations

from hypothesis import strategies as st

_PIECES = [
    "a",
    "/",
    " ",
    ", ",
    ")",
    "(",
    " = ",
    ") = 5",
    "= -1 ENOENT (No)",
    "<",
    ">",
    "\\74",
    '\\"',
    "\\\\",
    "\\n",
    "[",
    "]",
    "{",
    "...",
    " <unfinished ...>",
    "<... read resumed>",
    "0x7f",
    "-> ",
    "é",
    "(deleted)",
    "<char 1:3>",
    " /* ",
    " */",
    "+++",
    "12",
    "AT_FDCWD",
    "\\303\\251",
    "\\x41",
    "|",
    "<0.000012>",
]
_IN_STRINGS = [piece for piece in _PIECES if '"' not in piece or piece == '\\"']
_IN_PATHS = [piece for piece in _PIECES if "<" not in piece and ">" not in piece]


def _texts(pieces: list[str]) -> st.SearchStrategy[str]:
    return st.lists(st.sampled_from(pieces), max_size=5).map("".join)


strings = _texts(_IN_STRINGS).map(lambda text: f'"{text}"')
cut_strings = st.tuples(strings, st.sampled_from(["", "..."])).map("".join)
descriptions = st.one_of(
    st.just(""),
    _texts(_IN_PATHS).map(lambda text: f"</{text}>"),
    _texts(_IN_PATHS).map(lambda text: f'</{text}"raw>'),
    _texts(_IN_PATHS).map(lambda text: f"</{text}>(deleted)"),
    _texts(_IN_PATHS).map(lambda text: f"</dev/{text}<char 1:3>>"),
    st.sampled_from(
        [
            "<pipe:[12]>",
            "<socket:[7]>",
            "<anon_inode:[eventpoll]>",
            "<TCP:[1:2->3:4]>",
            "<UDP:[5]>",
            "<x<block 8:1>>",
            '<UNIX-STREAM:[1->2,"/p]>"]>',
            "<>",
            "<{eventfd-count=0}>",
        ]
    ),
)
fds = st.tuples(
    st.sampled_from(["0", "3", "255", "-1", "00", "99999999", "0x3"]), descriptions
).map("".join)
dirfds = st.tuples(st.sampled_from(["AT_FDCWD", "5", "-100"]), descriptions).map("".join)

_COUNTS = st.sampled_from(["0", "1", "832", "12345678", "123456789012", "1234567890123456789"])
_NOTES = st.sampled_from(
    [
        "",
        " (Timeout)",
        " (flags O_RDWR|O_LARGEFILE)",
        " (in [3])",
        " ([{fd=3</x>}])",
        ' ("a")',
        " (INJECTED)",
        " (DELAYED)",
        " (a (b))",
        " (errno 7)",
        " (x>y)",
    ]
)
returns = st.one_of(
    st.tuples(_COUNTS, _NOTES).map("".join),
    st.tuples(
        st.sampled_from(["0x7f3cf850e000", "0x1", "0xffffffffffffffff", "0x8002", "0x", "0xg"]),
        _NOTES,
    ).map("".join),
    st.tuples(st.sampled_from(["3", "12", "077"]), descriptions).map("".join),
    st.sampled_from(
        [
            "-1 ENOENT (No such file or directory)",
            "-1 EAGAIN (Resource temporarily unavailable)",
            "-1 EODD (Odd)",
            "-1 ENOENT (No) (INJECTED)",
            "-1 (errno 524)",
            "-2",
            "-1",
            "?",
            "? <unavailable>",
            "? ERESTARTSYS (To be restarted if SA_RESTART is set)",
            "? EINTR (x)",
            "1 ENOENT (No)",
            "",
        ]
    ),
)
durations = st.sampled_from(
    [
        "",
        " <0.000012>",
        " <0.000000123>",
        " <12.345678>",
        " <3>",
        " <0.123>",
        " <0.>",
        " <.1>",
        " <x>",
    ]
)
paddings = st.sampled_from([" ", "  ", "         ", " " * 30, "", " " * 60])

_ARGUMENTS = st.one_of(
    fds,
    st.tuples(fds, cut_strings, _COUNTS).map(", ".join),
    st.tuples(fds, cut_strings, _COUNTS, _COUNTS).map(", ".join),
    st.tuples(fds, fds).map(", ".join),
    st.tuples(dirfds, cut_strings, st.just("O_RDONLY|O_CLOEXEC")).map(", ".join),
    st.tuples(cut_strings, st.just("{st_mode=S_IFREG|0644, ...}")).map(", ".join),
    st.tuples(st.just("NULL, 8192, PROT_READ, MAP_PRIVATE"), fds, st.just("0x26000")).map(
        ", ".join
    ),
    st.tuples(
        cut_strings,
        st.lists(cut_strings, max_size=3).map(lambda w: f"[{', '.join(w)}]"),
        st.just("0x7 /* 3 vars */"),
    ).map(", ".join),
    st.sampled_from(
        [
            "",
            "NULL",
            "0",
            "7",
            "child_stack=NULL, flags=CLONE_VM|CLONE_THREAD",
            "0x10f00, 0x7",
            "-1",
            "3, F_GETFL",
        ]
    ),
)
names = st.sampled_from(
    [
        "read",
        "pread64",
        "pwrite64",
        "write",
        "close",
        "dup2",
        "openat",
        "newfstatat",
        "stat",
        "access",
        "mmap",
        "execve",
        "clone",
        "exit_group",
        "brk",
        "wait4",
        "rt_sigreturn",
        "fcntl",
        "rename",
        "readlink",
        "nosuchcall",
        "set_mempolicy_home_node",
        "sched_rr_get_interval_time64",
        "restart_syscall",
    ]
)
bodies = st.one_of(
    st.builds("{}({}){}= {}{}".format, names, _ARGUMENTS, paddings, returns, durations),
    st.builds("{}({} <unfinished ...>".format, names, _ARGUMENTS),
    st.builds(
        "<... {} resumed>{}){}= {}{}".format, names, _ARGUMENTS, paddings, returns, durations
    ),
    st.sampled_from(
        [
            "+++ exited with 0 +++",
            "+++ exited with 123456 +++",
            "+++ killed by SIGTERM +++",
            "--- SIGCHLD {} ---",
            "--- ---",
            "+++ superseded by execve in pid 5 +++",
            "<... read resumed> <unfinished ...>",
            "strace: x",
            "[ Process PID=5 runs in 32 bit mode. ]",
            "",
            " > x [0x1]",
            "pause( <detached ...>",
        ]
    ),
)


@st.composite
def spoilt(draw: st.DrawFn) -> str:
    """A line with something cut out, doubled or put in."""
    text = draw(bodies)
    start = draw(st.integers(0, len(text)))
    end = draw(st.integers(start, min(start + 12, len(text))))
    middle = draw(st.sampled_from(["", text[start:end] * 2, *_PIECES]))
    return text[:start] + middle + text[end:]


any_line = st.one_of(bodies, spoilt())
