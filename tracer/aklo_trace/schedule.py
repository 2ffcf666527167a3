"""Having a command run again and again: by a timer of the user's systemd, or a line for cron."""

from __future__ import annotations

import os
import shlex
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from aklo_trace.errors import StoreError, reason_of

NAME: Final = "aklo-trace-digest"
MARK: Final = f"# {NAME}: made by aklo-trace digest --schedule"
SYSTEMD, CRON = WAYS = ("systemd", "cron")
CALENDAR: Final = {"day": "daily", "week": "weekly"}
CRON_TIMES: Final = {"day": "5 0 * * *", "week": "5 0 * * 1"}
TIMEOUT_S: Final = 20
SERVICE: Final = f"{MARK}\n[Unit]\nDescription=Digest of traces\n\n[Service]\nType=oneshot\n"
TIMER: Final = f"{MARK}\n[Unit]\nDescription=Digest of traces\n\n[Timer]\nPersistent=true\n"
INSTALL: Final = "\n[Install]\nWantedBy=timers.target\n"


def units(command: Sequence[str], folder: str, period: str) -> dict[str, str]:
    """The texts of the units by their names; `command` runs in `folder`."""
    words = " ".join(_quoted(word) for word in command)
    return {
        f"{NAME}.service": f"{SERVICE}WorkingDirectory={folder}\nExecStart={words}\n",
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
    """What was installed, in words. Raises StoreError."""
    folder = str(Path.cwd())
    if way == CRON:
        _set_crontab([*_others(), cron_line(command, folder, period)])
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
    return str(place / f"{NAME}.timer")


def remove(config_home: Path) -> list[str]:
    """What was removed. Only what was made here is. Raises StoreError."""
    gone = []
    place = config_home / "systemd" / "user"
    ours = [place / name for name in units((), "", "day") if _is_ours(place / name)]
    if ours:
        _succeeds("systemctl", "--user", "disable", "--now", f"{NAME}.timer")
        for path in ours:
            path.unlink()
            gone.append(str(path))
        _succeeds("systemctl", "--user", "daemon-reload")
    lines = _crontab()
    if any(line.endswith(MARK) for line in lines):
        _set_crontab(_others())
        gone.append("the line of your crontab")
    return gone


def _is_ours(path: Path) -> bool:
    try:
        return path.read_text().startswith(MARK)
    except OSError:
        return False


def _write(path: Path, text: str) -> None:
    if os.path.lexists(path) and not _is_ours(path):
        raise StoreError(f"{path} is there, and aklo-trace did not make it: it is left alone.")
    path.write_text(text)


def _others() -> list[str]:
    return [line for line in _crontab() if not line.endswith(MARK)]


def _crontab() -> list[str]:
    try:
        done = subprocess.run(
            ["crontab", "-l"], capture_output=True, text=True, timeout=TIMEOUT_S, check=False
        )
    except OSError:
        return []
    return done.stdout.splitlines() if done.returncode == 0 else []


def _set_crontab(lines: Sequence[str]) -> None:
    _run("crontab", "-", text="".join(line + "\n" for line in lines))


def _run(*command: str, text: str | None = None) -> None:
    try:
        done = subprocess.run(
            command, input=text, capture_output=True, text=True, timeout=TIMEOUT_S, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise StoreError(f"{command[0]} cannot be run: {error}.") from error
    if done.returncode:
        raise StoreError(f"{shlex.join(command)} failed: {done.stderr.strip()}.")


def _succeeds(*command: str) -> bool:
    try:
        done = subprocess.run(command, capture_output=True, timeout=TIMEOUT_S, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0
