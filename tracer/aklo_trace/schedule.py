"""Having a command run again and again: by a timer of the user's systemd, or a line for cron."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

from aklo_trace.errors import StoreError, UsageError, reason_of
from aklo_trace.escape import escape

NAME: Final = "aklo-trace-digest"
MARK: Final = f"# {NAME}: made by aklo-trace digest --schedule"
SYSTEMD, CRON = WAYS = ("systemd", "cron")
CALENDAR: Final = {"day": "daily", "week": "weekly"}
CRON_TIMES: Final = {"day": "5 0 * * *", "week": "5 0 * * 1"}
TIMEOUT_S: Final = 20
SERVICE: Final = f"{MARK}\n[Unit]\nDescription=Digest of traces\n\n[Service]\nType=oneshot\n"
TIMER: Final = f"{MARK}\n[Unit]\nDescription=Digest of traces\n\n[Timer]\nPersistent=true\n"
INSTALL: Final = "\n[Install]\nWantedBy=timers.target\n"
NO_TABLE: Final = b"no crontab for"
"""What crontab(1) says of a user who has none; it fails then as it does for any other reason."""


def units(command: Sequence[str], folder: str, period: str) -> dict[str, str]:
    """The texts of the units by their names; `command` runs in `folder`."""
    words = " ".join(_quoted(word) for word in command)
    place = folder.replace("%", "%%") + "/"  # else a space or backslash at the end had a meaning
    return {
        f"{NAME}.service": f"{SERVICE}WorkingDirectory={place}\nExecStart={words}\n",
        f"{NAME}.timer": f"{TIMER}OnCalendar={CALENDAR[period]}\n{INSTALL}",
    }


def _quoted(word: str) -> str:
    """As systemd.service(5) wants it."""
    plain = word.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%").replace("$", "$$")
    return f'"{plain}"'


def cron_line(command: Sequence[str], folder: str, period: str) -> str:
    """With the mark behind it; crontab(5) takes ``%`` for the end of a line."""
    text = f"cd {shlex.quote(folder)} && {shlex.join(command)}".replace("%", "\\%")
    return f"{CRON_TIMES[period]} {text} {MARK}"


def way_here() -> str:
    """systemd if this user has one."""
    return SYSTEMD if _succeeds("systemctl", "--user", "show-environment") else CRON


def install(way: str, command: Sequence[str], period: str, config_home: Path) -> str:
    """What was installed, in words, in place of what was. Raises UsageError or StoreError."""
    folder = str(Path.cwd())
    _check([folder, *command])
    if way == CRON:
        _set_crontab([*_others(_crontab()), cron_line(command, folder, period)])
        _remove_units(config_home)
        return "a line of your crontab"
    place = config_home / "systemd" / "user"
    try:
        place.mkdir(parents=True, exist_ok=True)
        for name, text in units(command, folder, period).items():
            _write(place / name, text)
    except OSError as error:
        raise StoreError(f"{place} cannot be written: {reason_of(error)}.") from error
    for words in (("daemon-reload",), ("enable", "--now", f"{NAME}.timer")):
        _run("systemctl", "--user", *words)
    with suppress(StoreError):  # who may have no crontab has no line in it
        _remove_line()
    return str(place / f"{NAME}.timer")


def _check(words: Sequence[str]) -> None:
    """Raises UsageError for what would end a line of a unit or crontab, or cannot stand in one."""
    for word in words:
        if not word.isprintable():
            raise UsageError(
                f"This cannot be scheduled, for there are characters in it that are not printable: "
                f"{escape(word)}. Rename that directory, or name another one."
            )


def remove(config_home: Path) -> Iterator[str]:
    """What was removed, as it goes. Only what was made here is. Raises StoreError."""
    yield from _remove_units(config_home)
    if _remove_line():
        yield "the line of your crontab"


def _remove_units(config_home: Path) -> list[str]:
    place = config_home / "systemd" / "user"
    ours = [place / name for name in units((), "", "day") if _is_ours(place / name)]
    if ours:
        _succeeds("systemctl", "--user", "disable", "--now", f"{NAME}.timer")
        for path in ours:
            path.unlink()
        _succeeds("systemctl", "--user", "daemon-reload")
    return [*map(str, ours)]


def _remove_line() -> bool:
    lines = _crontab()
    others = _others(lines)
    if others != lines:
        _set_crontab(others)
    return others != lines


def _is_ours(path: Path) -> bool:
    try:
        return path.read_text().startswith(MARK)
    except OSError:
        return False


def _write(path: Path, text: str) -> None:
    if os.path.lexists(path) and not _is_ours(path):
        raise StoreError(f"{path} is there, and aklo-trace did not make it: it is left alone.")
    path.write_text(text)


def _others(lines: Sequence[str]) -> list[str]:
    return [line for line in lines if not line.endswith(MARK)]


def _crontab() -> list[str]:
    """The lines of the table. Raises StoreError if they cannot be told: it may not be replaced
    then."""
    if shutil.which("crontab") is None:
        return []
    done = _done("crontab", "-l")
    if done.returncode and NO_TABLE in done.stderr:
        return []
    text = os.fsdecode(_checked(done).stdout)
    return text.removesuffix("\n").split("\n") if text else []


def _set_crontab(lines: Sequence[str]) -> None:
    _run("crontab", "-", text="".join(line + "\n" for line in lines))


def _run(*command: str, text: str = "") -> None:
    _checked(_done(*command, text=text))


Done = subprocess.CompletedProcess[bytes]


def _done(*command: str, text: str = "") -> Done:
    """Raises StoreError."""
    raw = os.fsencode(text)
    try:
        return subprocess.run(
            command, input=raw, capture_output=True, timeout=TIMEOUT_S, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise StoreError(f"{command[0]} cannot be run: {error}.") from error


def _checked(done: Done) -> Done:
    """Raises StoreError if it failed."""
    if done.returncode:
        said = os.fsdecode(done.stderr).strip()
        raise StoreError(f"{shlex.join(done.args)} failed: {said}.")
    return done


def _succeeds(*command: str) -> bool:
    try:
        return _done(*command).returncode == 0
    except StoreError:
        return False
