"""Asks bash to say, in strace's log, where in its code it is.

A bash that is not interactive reads the file that BASH_ENV names before its script. Ours turns
on xtrace, into a high descriptor that leads to /dev/null: what bash says before each command is
in strace's log, as the text of a write(2) in order with the calls of that very process, and
goes nowhere else. `site_marks` reads it there.

A shell whose script handles PS4 or BASH_XTRACEFD itself, or closes descriptors that it finds in
/proc, is left alone and only says so. When a script says ``set -x`` the next command's PS4
becomes bash's own ``+ `` and BASH_XTRACEFD stderr: the script has the xtrace that it asked for.
"""

from __future__ import annotations

import itertools
import os
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from resource import RLIM_INFINITY, RLIMIT_NOFILE, getrlimit
from typing import Final

from aklo_trace.ancestry import Limits
from aklo_trace.errors import StoreError, reason_of, remedy_of

PREFIX: Final = "aklo-trace-"
SUFFIX: Final = ".bash"
VARIABLE: Final = b"BASH_ENV="
HIGHEST: Final = 1024
"""Descriptors are limited to this almost everywhere."""
MOST_FRAMES: Final = 64
"""Of a stack that is told whole: what strace prints of a mark has room for little more."""
INNER_FRAMES: Final = 8
"""Of a deeper one."""
BELOW_HIGHEST: Final = 93
"""Ours lies where neither scripts nor loops to 255 come."""

_LETTERS: Final = "eEuv"
_MOST_LETTERS: Final = 3
_LENGTHS: Final = (6, 7, 8, 9, 13)
"""Of the beginnings of commands that turn xtrace on."""

_FILE: Final = r"""{ _aklo_u=$_ _aklo_o=$-; set +x; } 2>/dev/null
if [[ $_aklo_o == *[ax]* || $PS4 != '+ ' || -n ${BASH_XTRACEFD+x} ]]; then
  _aklo_v='xtrace is used already'
elif (( BASH_VERSINFO[0] < 4 )); then
  _aklo_v='this bash is too old'
else
  if [[ -n ${BASH_EXECUTION_STRING+x} ]]; then
    _aklo_v=$BASH_EXECUTION_STRING
  elif [[ -f $0 && -r $0 ]]; then
    IFS= builtin read -r -n 1000000 -d '' _aklo_v <"$0"
  fi
  if [[ $_aklo_v == *PS4=* || $_aklo_v == *BASH_XTRACEFD* ]]; then
    _aklo_v='its script sets PS4 or BASH_XTRACEFD'
  elif [[ $_aklo_v == */fd* && $_aklo_v == *'&-'* ]]; then
    _aklo_v='its script closes descriptors that it finds'
  elif { ! exec %(fd)d>/dev/null || [[ ! -e /dev/fd/%(fd)d ]]; } 2>/dev/null; then
    _aklo_v='no descriptor is free'
  else
    _aklo_v=
    declare -A _aklo_t=(%(table)s)
    _aklo_k=(1 1) _aklo_p=([2]='+ ') _aklo_s=0
    PS4='%(ps4)s'
    BASH_XTRACEFD=%(fd)d
  fi
fi
_aklo_w="%(own)s"
[[ -z $_aklo_w || $_aklo_w == */* ]] || _aklo_w=./$_aklo_w
[[ -n $_aklo_w && -r $_aklo_w ]] || _aklo_w=
builtin printf '@%(token)s>%%s;%%s;' "${BASH_VERSION%%%%[^0-9.]*}" "$_aklo_v" >/dev/null
[[ -n $_aklo_v ]] || set -x
[[ -z $_aklo_w ]] || . "$_aklo_w"
: "$_aklo_u"
[[ -z $_aklo_v || $_aklo_o != *x* ]] || set -x
"""
_PS4: Final = (
    "${_aklo_k[_aklo_s=_aklo_s||BASH_XTRACEFD-%(fd)d?2:0%(asked)s]+@%(token)s "
    "$LINENO:$BASH_SUBSHELL${_aklo_k[0${FUNCNAME[%(most)d]+2}]+"
    "${BASH_LINENO[@]/#/,};${FUNCNAME[@]+${FUNCNAME[@]/#/|}};"
    "${BASH_SOURCE[@]+${BASH_SOURCE[@]/#/|}}}${FUNCNAME[%(most)d]+%(inner)s;+};;}"
    "${_aklo_p[_aklo_s]+${_aklo_p[BASH_XTRACEFD==%(fd)d&&(BASH_XTRACEFD=2)?2:2]}}"
)
"""In state 0 a mark; in 1, for the command that turns xtrace on, too; in 2 ``+ ``. It is expanded
before every command: what is rarely needed stands where it is rarely looked at. Of a deep stack
only the inner frames are told, one by one: to look for a variable bash goes through all functions
that it is in, and to take a part of an array is slower than to take all of it."""


@dataclass(frozen=True, slots=True)
class ShellLines:
    """The file that shells read. Make it before the target is held, remove it when it ended: the
    front does, and, if that was killed, who wrote strace's log, or who finishes the trace."""

    path: Path

    @classmethod
    def written(cls, environ: tuple[bytes, ...], limits: Limits, owner: int) -> ShellLines:
        """Write the file, readable by all, for a target with this environment and limits that
        differ from ours; it belongs to the user `owner`. Raises StoreError."""
        try:
            descriptor, name = tempfile.mkstemp(prefix=PREFIX, suffix=SUFFIX)
            with os.fdopen(descriptor, "wb") as file:
                file.write(script(token_of(Path(name)), environ, limits))
                os.fchmod(descriptor, 0o644)
                if os.geteuid() == 0:
                    os.fchown(descriptor, owner, -1)
        except OSError as error:
            raise StoreError(
                f"--shell-lines: the file for bash cannot be written below "
                f"{tempfile.gettempdir()}: {reason_of(error)}; {remedy_of(error)}."
            ) from error
        return cls(Path(name))

    def added_to(self, environ: tuple[bytes, ...]) -> tuple[bytes, ...]:
        """An environment in which bash finds the file."""
        others = tuple(entry for entry in environ if not entry.startswith(VARIABLE))
        return (*others, VARIABLE + os.fsencode(self.path))

    def remove(self) -> None:
        is_ours = self.path.name.startswith(PREFIX) and self.path.name.endswith(SUFFIX)
        with suppress(OSError):
            if is_ours and not self.path.is_symlink():
                self.path.unlink()


def token_of(path: Path) -> str:
    """What marks are known by: a part of the file's name that nobody could foresee."""
    return path.name.removeprefix(PREFIX).removesuffix(SUFFIX)


def script(token: str, environ: tuple[bytes, ...], limits: Limits) -> bytes:
    """What the file says. The BASH_ENV that the user has is read last."""
    most_files = limits.get(RLIMIT_NOFILE, getrlimit(RLIMIT_NOFILE))[0]
    most_files = min(HIGHEST if most_files == RLIM_INFINITY else most_files, HIGHEST)
    words = {
        "token": token,
        "most": MOST_FRAMES,
        "inner": ";".join(map(_inner, (",", "|", "|"), ("BASH_LINENO", "FUNCNAME", "BASH_SOURCE"))),
        "fd": max(most_files - BELOW_HIGHEST, most_files // 2),
        "table": " ".join(f"[':{beginning}']=1" for beginning in _turning_on()),
        "asked": f"${{_aklo_t[{_beginning(4)}]+{''.join(map(_is_known, _LENGTHS))}}}",
    }
    text = _FILE % {**words, "ps4": _PS4 % words, "own": "%(own)s"}
    own = next((e[len(VARIABLE) :] for e in environ if e.startswith(VARIABLE)), b"")
    return text.encode().replace(b"%(own)s", own.replace(b'"', b'\\"'))


def _inner(sign: str, name: str) -> str:
    return " ".join(f"{sign}${{{name}[{place}]}}" for place in range(INNER_FRAMES))


def _is_known(length: int) -> str:
    """1 if a command begins with so many characters of one that turns xtrace on."""
    return f"${{_aklo_t[{_beginning(length)}]-}}"


def _beginning(length: int) -> str:
    return f'":${{BASH_COMMAND:0:{length}}}"'


def _turning_on() -> Iterator[str]:
    """How commands begin that turn xtrace on, after how they all do."""
    yield "set "
    for count in range(_MOST_LETTERS + 1):
        for letters in itertools.product(_LETTERS, repeat=count):
            yield f"set -{''.join(letters)}x"
    yield from (f"set -{letter} -x" for letter in _LETTERS)
    yield "set -o xtrace"
