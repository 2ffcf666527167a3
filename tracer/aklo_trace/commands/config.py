"""Show and check the configuration: what is in force, and where it comes from.

ACTION is one of:

  show      every key with its value; with --origin the file and line, variable or option
            that it comes from
  validate  say everything that cannot be used, with file, line, key and what is allowed
  path      the files that are looked for, what counts most first

docs/configuration.md has all keys. The exit status of validate is 0, or 2 if there is something
that cannot be used.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Iterator
from dataclasses import asdict
from typing import Final

from aklo_trace.config.configuration import MODEL, Configuration, Setting
from aklo_trace.config.files import ABSENT
from aklo_trace.config.model import ANY
from aklo_trace.errors import UsageError
from aklo_trace.escape import escape
from aklo_trace.places import Asker, become_asker

Action = Callable[[Asker, argparse.Namespace], int]


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("action", metavar="ACTION")
    parser.add_argument("--origin", action="store_true", help="say where each value comes from")
    parser.add_argument("--format", choices=("text", "json"), default="text", help="of the output")


def run(options: argparse.Namespace) -> int:
    action = ACTIONS.get(options.action)
    if action is None:
        raise UsageError(f"There is no action '{options.action}', but {', '.join(ACTIONS)}.")
    return action(become_asker(), options)


def _show(asker: Asker, options: argparse.Namespace) -> int:
    asker.warn()
    settings = list(_settings(asker.configuration))
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


def _is_in_many(name: str) -> bool:
    return ANY in MODEL.key(name).name


def _written(setting: Setting) -> str:
    return MODEL.key(setting.name).written(setting.value)


def _as_json(setting: Setting) -> dict[str, object]:
    return {"name": setting.name, "value": setting.value, "origin": asdict(setting.origin)}


def _validate(asker: Asker, options: argparse.Namespace) -> int:
    problems = asker.configuration.problems
    if options.format == "json":
        print(json.dumps([asdict(problem) for problem in problems], indent=2))
    else:
        for problem in problems:
            print(escape(str(problem)))
    return UsageError.exit_status if problems else 0


def _path(asker: Asker, options: argparse.Namespace) -> int:
    found = asker.configuration.files
    if options.format == "json":
        print(json.dumps([asdict(file) for file in found], indent=2))
        return 0
    for file in found:
        state = "not there" if file.state == ABSENT else file.state
        print(escape(f"{file.level:<8} {file.path}: {state}{file.why and f', {file.why}'}"))
    return 0


ACTIONS: Final[dict[str, Action]] = {"show": _show, "validate": _validate, "path": _path}
