"""Who the target runs as, and what it inherits from the one who asked for it.

Run by sudo, that is the invoking user with that user's environment, umask and limits; else
it is ourselves, unchanged. What sudo does not keep can't be had back in full: descriptors
above 2 are closed; a limit that was set in the very process that then became sudo is seen
only as far as sudo hands it on; the limit on core files, which sudo sets to 0, can't be
raised again where root has no CAP_SYS_RESOURCE.
"""

from __future__ import annotations

import math
import os
import pwd
import resource
import signal
from dataclasses import dataclass, replace
from typing import Final

from aklo_trace import libc, privilege
from aklo_trace.ancestry import Limits, Process, ancestors, sudo_that_ran_us, words_before_ours
from aklo_trace.errors import CaptureError, UsageError
from aklo_trace.shell_names import BOURNE

HIDDEN_SIGNALS: Final = frozenset((signal.SIGPIPE, signal.SIGXFSZ))
"""Python ignores these before any of our code runs: whether they were is inferred."""

NO_GROUP: Final = 65534
"""The kernel's own number for a group that cannot be told: /proc/sys/kernel/overflowgid."""

_HANDS_DOWN: Final = frozenset((*BOURNE, "bash", "busybox", "systemd"))
"""Programs whose children ignore what they ignore themselves. Many others that ignore
SIGPIPE (Python, Rust, Node, .NET) do so for themselves and undo it for their children."""

_SUDO_UMASK: Final = 0o022


@dataclass(frozen=True, slots=True)
class Identity:
    """A user, and what a program that this user starts inherits."""

    uid: int
    gid: int
    groups: tuple[int, ...]
    name: str
    home: str
    environ: tuple[bytes, ...]  # KEY=VALUE as given: order, duplicates and odd names kept
    umask: int
    limits: Limits  # those that differ from ours
    ignored: frozenset[int]  # those of HIDDEN_SIGNALS that the target ignores
    launcher: bytes | None = None  # what the shell put in `_`, if that is our own name

    def variable(self, name: bytes) -> bytes | None:
        """The value of an environment variable, as getenv(3) finds it."""
        return _variable(self.environ, name)

    def variables(self) -> dict[str, str]:
        """The environment as Python has it."""
        pairs = (entry.partition(b"=") for entry in reversed(self.environ))
        return {os.fsdecode(name): os.fsdecode(value) for name, _, value in pairs}

    @property
    def is_ours(self) -> bool:
        """Whether this process already is that user, so that no id has to change."""
        ours = (os.geteuid(), os.getegid(), set(os.getgroups()))
        return ours == (self.uid, self.gid, set(self.groups))


def invoking() -> Identity:
    """The user who asked for the target: of the sudo that ran us, else ourselves."""
    sudo = sudo_that_ran_us() if os.geteuid() == 0 and "SUDO_UID" in os.environ else None
    return _behind(sudo) if sudo else ourselves()


def named(name: str) -> Identity:
    """The user called `name`, in our own environment but for what names the user, as with
    ``sudo -u``.

    Raises UsageError if there is no such user, or we may not become one."""
    invoker = invoking()
    if name == invoker.name:
        return invoker
    try:
        user = pwd.getpwnam(name)
    except KeyError:
        raise UsageError(f"--user {name}: no such user; `getent passwd` lists them") from None
    ours = ourselves()
    if user.pw_uid == ours.uid:
        return ours
    if ours.uid != 0:
        raise UsageError(f"--user {name}: only root can start a program as another user; use sudo")
    return replace(
        ours,
        uid=user.pw_uid,
        gid=user.pw_gid,
        groups=tuple(os.getgrouplist(user.pw_name, user.pw_gid)),
        name=user.pw_name,
        home=user.pw_dir,
        environ=_speaking_of(user, ours.environ),
    )


def of_user(uid: int) -> Identity:
    """A user by number, with nothing but a name, groups and a home. One who has no account is in no
    group."""
    gid, groups = _groups(uid)
    return Identity(
        uid=uid,
        gid=gid,
        groups=groups,
        name=_user_name(uid),
        home=_home(uid, ()),
        environ=(),
        umask=0o077,
        limits={},
        ignored=frozenset(),
    )


def assume(identity: Identity) -> None:
    """Become that user, as the process that is about to execute the target.

    Raises CaptureError if that is not permitted."""
    for limit, (soft, hard) in identity.limits.items():
        _set_limit(limit, soft, hard)
    os.umask(identity.umask)
    if not identity.is_ours:
        privilege.become(identity.uid, identity.gid, identity.groups)


def drop_privileges(identity: Identity) -> None:
    """Become that user for good: afterwards no call and no exec wins a privilege back.

    For the recorder once its probes are attached, and for the process that the shell waits
    for. Call it once the target is held, which would inherit it, and before any thread is
    started; afterwards this process can't read its own environment in /proc any more. As root
    it leaves the capabilities that are about files and signals.
    Raises CaptureError if it can't be done or did not work.
    """
    kept = privilege.ROOTS_WAY_TO_FILES if identity.uid == 0 else 0
    if not identity.is_ours:
        privilege.become(identity.uid, identity.gid, identity.groups)
    privilege.renounce(kept)
    privilege.verify(identity.uid, identity.gid, kept)


def ourselves() -> Identity:
    """The user that this process is, with all that it was started with."""
    process = Process.read(os.getpid())
    environ = process.environ()
    underscore = _variable(environ, b"_")
    uid = os.geteuid()
    return Identity(
        uid=uid,
        gid=os.getegid(),
        groups=tuple(os.getgroups()),
        name=_user_name(uid),
        home=_home(uid, environ),
        environ=environ,
        umask=process.umask,
        limits={},
        ignored=_hidden_ignored(),
        launcher=underscore if underscore == libc.executed_path() else None,
    )


def _behind(sudo: Process) -> Identity:
    uid, gid = int(os.environ["SUDO_UID"]), int(os.environ["SUDO_GID"])
    name = _user_name(uid)
    parent = Process.read(sudo.ppid)
    is_users = parent.uid == uid and os.getsid(parent.pid) == os.getsid(sudo.pid)
    environ = _given_to(sudo)
    underscore = _variable(environ, b"_")
    return Identity(
        uid=uid,
        gid=gid,
        groups=parent.groups if is_users else tuple(os.getgrouplist(name, gid)),
        name=name,
        home=_home(uid, environ),
        environ=environ,
        umask=_umask_below(parent, sudo) if is_users else sudo.umask,
        limits=_limits_below(parent) if is_users else {},
        ignored=_hidden_ignored(),
        launcher=underscore if _names_sudo(sudo, underscore) else None,
    )


def _given_to(sudo: Process) -> tuple[bytes, ...]:
    """The environment that sudo was given, with the assignments of its command line, as in
    ``sudo A=1 aklo-trace ...`` or ``sudo env A=1 aklo-trace ...``."""
    try:
        given = sudo.environ()
    except PermissionError as error:
        raise CaptureError(
            f"cannot read the environment that sudo (process {sudo.pid}) was given: "
            f"{error.strerror}; a container may withhold CAP_SYS_PTRACE: grant it, or say "
            "--user root to run the command as sudo itself would"
        ) from error
    ours = Process.read(os.getpid()).environ()
    before_us = words_before_ours(sudo) or []
    added = [word for word in before_us if b"=" in word and word in ours]
    names = tuple(word.partition(b"=")[0] + b"=" for word in added) or (b"\0",)
    return (*(entry for entry in given if not entry.startswith(names)), *added)


def _speaking_of(user: pwd.struct_passwd, environ: tuple[bytes, ...]) -> tuple[bytes, ...]:
    values = {
        b"HOME": user.pw_dir,
        b"SHELL": user.pw_shell or "/bin/sh",
        b"USER": user.pw_name,
        b"LOGNAME": user.pw_name,
    }
    if _variable(environ, b"MAIL") is not None:
        values[b"MAIL"] = f"/var/mail/{user.pw_name}"
    others = (entry for entry in environ if entry.partition(b"=")[0] not in values)
    return (*others, *(name + b"=" + os.fsencode(value) for name, value in values.items()))


def _umask_below(parent: Process, sudo: Process) -> int:
    """The umask of the shell that started sudo, to which sudo adds its own (0022). Where they
    do not fit, the shell's changed in the very process that became sudo."""
    return parent.umask if parent.umask | _SUDO_UMASK == sudo.umask else sudo.umask


def _limits_below(parent: Process) -> Limits:
    """The limits of the shell that started sudo, where they differ from ours.

    sudo and its PAM modules raise limits, but for that of core files, which they lower. A
    lower one of ours was set by the shell itself before it became sudo."""
    ours = Process.read(os.getpid()).limits()
    limits = {
        limit: theirs if limit == resource.RLIMIT_CORE else _lower(theirs, ours[limit])
        for limit, theirs in parent.limits().items()
    }
    return {limit: pair for limit, pair in limits.items() if pair != ours[limit]}


def _lower(one: tuple[int, int], other: tuple[int, int]) -> tuple[int, int]:
    return min(one[0], other[0], key=_as_number), min(one[1], other[1], key=_as_number)


def _as_number(limit: int) -> float:
    return math.inf if limit == resource.RLIM_INFINITY else limit


def _set_limit(limit: int, soft: int, hard: int) -> None:
    try:
        resource.setrlimit(limit, (soft, hard))
    except (ValueError, OSError):  # raising it needs CAP_SYS_RESOURCE
        highest = resource.getrlimit(limit)[1]
        resource.setrlimit(limit, (min(soft, highest, key=_as_number), highest))


def _hidden_ignored() -> frozenset[int]:
    """Those of HIDDEN_SIGNALS that every process from our parent up to the next one that
    hands its dispositions down ignores. What sudo hands down is not its own."""
    ignored = HIDDEN_SIGNALS
    for process in ancestors():
        if not process.is_sudo:
            ignored = frozenset(signo for signo in ignored if process.ignores(signo))
        if process.program in _HANDS_DOWN:
            return ignored
    return frozenset()


def _names_sudo(sudo: Process, value: bytes | None) -> bool:
    if value is None:
        return False
    try:
        return os.path.samefile(value, f"/proc/{sudo.pid}/exe")  # noqa: PTH121 (bytes)
    except OSError:
        return False


def _variable(environ: tuple[bytes, ...], name: bytes) -> bytes | None:
    prefix = name + b"="
    return next((entry[len(prefix) :] for entry in environ if entry.startswith(prefix)), None)


def _user_name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


def _groups(uid: int) -> tuple[int, tuple[int, ...]]:
    """The user's own, and all."""
    try:
        user = pwd.getpwuid(uid)
    except KeyError:
        return NO_GROUP, ()
    return user.pw_gid, tuple(os.getgrouplist(user.pw_name, user.pw_gid))


def _home(uid: int, environ: tuple[bytes, ...]) -> str:
    try:
        return os.fsdecode(_variable(environ, b"HOME") or b"") or pwd.getpwuid(uid).pw_dir
    except KeyError:
        return "/"
