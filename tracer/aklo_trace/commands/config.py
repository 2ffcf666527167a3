"""Show and check the configuration: what is in force, and where it comes from.

ACTION is one of:

  show      every key with its value; with --origin the file and line,
            variable or option that it comes from
  validate  say everything that cannot be used, with file, line, key and what
            is allowed
  path      the files that are looked for, what counts most first
  trust     allow the actions of a file, FILE or the project's, as the file is
            now: a change of it ends that; with --remove, allow them no longer

docs/configuration.md has all keys. The exit status of validate is 0, or 2 if there is something
that should be put right.
"""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Callable, Collection, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Final

from aklo_trace.config import files, trust
from aklo_trace.config.configuration import MODEL, Configuration, Setting, acting
from aklo_trace.config.entry import PROJECT, Problem
from aklo_trace.config.files import USED
from aklo_trace.config.kinds import shown
from aklo_trace.config.model import ANY
from aklo_trace.errors import UsageError
from aklo_trace.escape import escape
from aklo_trace.judgement import problems_of
from aklo_trace.places import Asker, become_asker, complain_of
from aklo_trace.spelling import meant

TRUST: Final[dict[bool | None, str]] = {
    True: "its actions are trusted",
    False: "without its actions: it is not trusted",
}
WHOLE: Final = ("alert.", "action.")
"""Tables that count as a whole or not at all."""
Action = Callable[[Asker, argparse.Namespace], int]


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("action", metavar="ACTION")
    parser.add_argument("file", nargs="?", metavar="FILE")
    parser.add_argument("--remove", action="store_true", help="end the trust in a file")
    parser.add_argument("--origin", action="store_true", help="say where each value comes from")
    parser.add_argument("--format", choices=("text", "json"), default="text", help="of the output")


def run(options: argparse.Namespace) -> int:
    action = ACTIONS.get(options.action)
    if action is None:
        close = meant(options.action, ACTIONS) or "."
        raise UsageError(f"There is no action '{options.action}', but {', '.join(ACTIONS)}{close}")
    return action(become_asker(), options)


def _show(asker: Asker, options: argparse.Namespace) -> int:
    asker.warn()
    unusable = problems_of(asker)
    complain_of(unusable)
    settings = [one for one in _settings(asker.configuration) if not _is_left_out(one, unusable)]
    if options.format == "json":
        print(json.dumps([_as_json(setting) for setting in settings], indent=2))
        return 0
    texts = [(setting.name, escape(_written(setting))) for setting in settings]
    widths = [max(map(len, column)) for column in zip(*texts, strict=True)]
    for setting, (name, value) in zip(settings, texts, strict=True):
        origin = f"  {escape(str(setting.origin))}" if options.origin else ""
        print(f"{name:<{widths[0]}}  {value:<{widths[1]}}{origin}".rstrip())
    return 0


def _settings(found: Configuration) -> Iterator[Setting]:
    """Every key that has a value, as the model orders them."""
    for key in MODEL.keys:
        if ANY not in key.name and key.default is not None:
            yield found.setting(key.name)
    yield from (setting for name, setting in sorted(found.settings.items()) if _is_in_many(name))


def _is_left_out(setting: Setting, unusable: Collection[Problem]) -> bool:
    """Whether a setting does not count: one of a rule that cannot be used, or any of an alert or an
    action of which one cannot."""
    names = {problem.name for problem in unusable if problem.is_mistake}
    table = setting.name.rpartition(".")[0]
    of_its_table = {name for name in names if name.rpartition(".")[0] == table}
    return setting.name in names or (table.startswith(WHOLE) and bool(of_its_table))


def _is_in_many(name: str) -> bool:
    return ANY in MODEL.key(name).name


def _written(setting: Setting) -> str:
    return MODEL.key(setting.name).written(setting.value)


def _as_json(setting: Setting) -> dict[str, object]:
    return {"name": setting.name, "value": setting.value, "origin": asdict(setting.origin)}


def _validate(asker: Asker, options: argparse.Namespace) -> int:
    problems = (*asker.configuration.problems, *problems_of(asker))
    if options.format == "json":
        print(json.dumps([asdict(problem) for problem in problems], indent=2))
    else:
        for problem in problems:
            print(escape(str(problem)))
    return UsageError.exit_status if any(one.is_mistake for one in problems) else 0


def _trust(asker: Asker, options: argparse.Namespace) -> int:
    path = trust.place_of(os.path.abspath(options.file or _project_file(asker)))  # noqa: PTH100
    trusted = dict(trust.read(asker.data))
    if options.remove:
        if trusted.pop(path, None) is None:
            raise UsageError(f"{path} is not trusted.")
        trust.write(asker.data, trusted)
        print(escape(f"trusted no longer: {path}"))
        return 0
    file, content = files.read(Path(path), PROJECT)
    if file.state != USED:
        raise UsageError(f"{path} cannot be trusted: {file.why or 'it is not there'}.")
    trust.write(asker.data, {**trusted, path: trust.digest(content)})
    print(escape(f"trusted as it is now: {path}"))
    for entry in acting(file, content):
        print(escape(f"  {entry.name} = {shown(entry.given)}"))
    return 0


def _project_file(asker: Asker) -> str:
    """The one whose trust is in question."""
    for file in asker.configuration.files:
        if file.is_trusted is not None:
            return file.path
    raise UsageError("No file here needs to be trusted: none has actions that others could set.")


def _path(asker: Asker, options: argparse.Namespace) -> int:
    found = asker.configuration.files
    if options.format == "json":
        print(json.dumps([asdict(file) for file in found], indent=2))
        return 0
    for file in found:
        more = file.why or TRUST.get(file.is_trusted, "")
        print(escape(f"{file.level:<8} {file.path}: {file.state}{more and f', {more}'}"))
    return 0


ACTIONS: Final[dict[str, Action]] = {
    "show": _show,
    "validate": _validate,
    "path": _path,
    "trust": _trust,
}
