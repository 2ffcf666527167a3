"""Where traces are kept, and how one is found again.

Inside an aklo project (a directory with an ``.aklo.conf``, found upwards) traces go to its
``.aklo_metrics``, elsewhere to the XDG data directory, unless the configuration names a place. A
trace's name sorts by time and says the command.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from fnmatch import fnmatchcase as fnmatch
from glob import glob
from pathlib import Path
from typing import Final

from aklo_trace.errors import NotATrace, StoreError
from aklo_trace.meta import FILE

PROJECT_FILE: Final = ".aklo.conf"
PROJECT_STORE: Final = ".aklo_metrics"
HIDDEN: Final = ".removed-"
"""How the name of a trace begins that is being removed: no reader takes it for one."""
LATEST: Final = "latest"
WHICH: Final = f"a path, a name of 'aklo-trace list', or {LATEST} (the default)"
WHICH_OF_SEVERAL: Final = (
    f"paths, names of 'aklo-trace list' or patterns of them, directories of traces, or {LATEST}"
)
SLUG_CHARACTERS: Final = 48
WILD: Final = frozenset("*?[")
_IGNORE: Final = "# Traces are data, not source.\n*\n"


def project(cwd: Path) -> Path | None:
    """The aklo project that `cwd` is in. A file of somebody else's makes none: who may write to
    /tmp would else decide where the traces made below it go."""
    return next((d for d in (cwd, *cwd.parents) if _is_trusted(d / PROJECT_FILE)), None)


def _is_trusted(file: Path) -> bool:
    try:
        status = file.stat()
    except OSError:
        return False
    return stat.S_ISREG(status.st_mode) and status.st_uid in (0, os.geteuid())


def user_store(environ: Mapping[str, str], home: Path) -> Path:
    data = environ.get("XDG_DATA_HOME", "")
    base = Path(data) if data.startswith("/") else home / ".local/share"
    return base / "aklo-trace"


def stores(cwd: Path, users: Path, wanted: Path = Path(PROJECT_STORE)) -> list[Path]:
    """The stores that count here, the one that new traces go to first: the one that is `wanted`,
    where a relative path counts in a project alone, and the user's."""
    own = (project(cwd) or Path()) / wanted
    return [own, users] if own.is_absolute() else [users]


def expanded(path: str, home: str) -> Path:
    """With the home directory in place of ``~/``."""
    return Path(home, path[2:]) if path.startswith("~/") else Path(path)


def new_trace(store: Path, argv: Sequence[str], now: datetime) -> Path:
    """A directory for a trace of `argv` that begins now; the store is created.

    Raises StoreError.
    """
    try:
        make(store)
    except OSError as error:
        why = "that is no directory" if isinstance(error, FileExistsError) else error.strerror
        raise StoreError(
            f"Traces cannot be kept in {store}: {why}. Name another place with -o."
        ) from error
    now = now.astimezone(UTC)  # local time would not sort over a change of the time zone
    stem = f"{now:%Y-%m-%dT%H-%M-%S}.{now.microsecond // 1000:03d}Z-{slug(argv)}"
    names = [stem, *(f"{stem}-{number}" for number in range(2, 1000))]
    return next(store / name for name in names if not (store / name).exists())


def make(store: Path) -> None:
    """Create a store, if it is not there. Raises OSError."""
    is_new = not os.path.isdir(store)  # noqa: PTH112 - see _is_file
    store.mkdir(parents=True, exist_ok=True, mode=0o700)
    if is_new or store.name == PROJECT_STORE:  # not in a directory that somebody else uses
        _keep_out_of_commits(store)


def _keep_out_of_commits(store: Path) -> None:
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    with suppress(FileExistsError):
        fd = os.open(store / ".gitignore", flags, 0o600)
        with os.fdopen(fd, "w") as file:
            file.write(_IGNORE)


def slug(argv: Sequence[str]) -> str:
    """The command as part of a file name: ``aklo-cache-benchmark``."""
    words = [os.path.basename(argv[0]), *argv[1:]] if argv else []  # noqa: PTH119
    text = re.sub(r"[^A-Za-z0-9._]+", "-", " ".join(words)).strip("-.")
    return text[:SLUG_CHARACTERS].rstrip("-.") or "trace"


def traces(store: Path) -> list[Path]:
    """The traces of a store, newest first."""
    try:
        found = [
            path
            for path in store.iterdir()
            if not path.name.startswith(HIDDEN) and _is_file(path / FILE)
        ]
    except OSError:
        return []
    return sorted(found, key=lambda path: path.name, reverse=True)


def name_of(trace: Path, stores: Sequence[Path]) -> str:
    """By what `find` finds it: its name in a store, or else its path."""
    return trace.name if trace.absolute().parent in stores else str(trace)


def find(name: str, places: Sequence[Path]) -> Path:
    """The trace that `name` means: a path, a name in one of the stores, or ``latest``.

    Raises NotATrace.
    """
    if name == LATEST:
        newest = [found[0] for store in places if (found := traces(store))]
        if not newest:
            raise NotATrace(
                f"There is no trace in {_any_of(places)} yet. Make one: aklo-trace -- COMMAND"
            )
        return max(newest, key=lambda path: path.name)
    for path in (Path(name), *(store / name for store in places)):
        if os.path.exists(path):  # noqa: PTH110 - see _is_file
            return path
    raise NotATrace(
        f"There is no trace '{name}', neither as a path nor in {_any_of(places)}. "
        "'aklo-trace list' shows those there are."
    )


def find_all(name: str, places: Sequence[Path]) -> list[Path]:
    """The traces that `name` means, oldest first: what `find` finds; those of a directory of
    traces; or, for a pattern with `*`, `?` or `[...]`, those of that path or name.

    Raises NotATrace.
    """
    if os.path.isdir(name) and not _is_file(Path(name) / FILE):  # noqa: PTH112 - see _is_file
        found = traces(Path(name))
    elif set(name) & WILD and not os.path.exists(name):  # noqa: PTH110 - see _is_file
        paths = [Path(path) for path in glob(name)]  # noqa: PTH207 - also of absolute ones
        named = [path for store in places for path in traces(store) if fnmatch(path.name, name)]
        found = [path for path in (*paths, *named) if _is_file(path / FILE)]
    else:
        return [find(name, places)]
    if not found:
        raise NotATrace(f"There is no trace for '{name}'. 'aklo-trace list' shows those there are.")
    return sorted({*found}, key=lambda path: path.name)


def _any_of(places: Sequence[Path]) -> str:
    return " or ".join(map(str, places))


def _is_file(path: Path) -> bool:
    """False also where we may not look, where Path.is_file() raises."""
    return os.path.isfile(path)  # noqa: PTH113
