"""Show, check and change the configuration: what is in force, and where it comes from.

ACTION is one of:

  show             every key with its value; with --origin the file and line,
                   variable or option that it comes from
  get NAME         the value of one key
  set NAME VALUE   write it to your own file, with --project to the project's
                   .aklo.conf, with --file to another; a list is one VALUE,
                   its words divided as a shell would
  unset NAME       take it out of that file
  edit             open that file in $VISUAL or $EDITOR; what cannot be used
                   is said, and not put in place
  validate         say everything that cannot be used, with file, line, key
                   and what is allowed
  path             the files that are looked for, what counts most first
  trust [FILE]     allow the actions of a file, FILE or the project's, as the
                   file is now: a change of it ends that; with --remove, allow
                   them no longer

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

from aklo_trace.config import files, trust, writing
from aklo_trace.config.configuration import MODEL, Configuration, Setting, acting
from aklo_trace.config.entry import PROJECT, Problem
from aklo_trace.config.files import USED
from aklo_trace.config.kinds import shown
from aklo_trace.config.model import ANY
from aklo_trace.config.writing import Named, Target
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
    parser.add_argument("words", nargs="*", metavar="NAME")
    parser.add_argument("--project", action="store_true", help="write to the project's .aklo.conf")
    parser.add_argument("--file", type=Path, metavar="FILE", help="write to this file")
    parser.add_argument("--remove", action="store_true", help="end the trust in a file")
    parser.add_argument("--origin", action="store_true", help="say where each value comes from")
    parser.add_argument("--format", choices=("text", "json"), default="text", help="of the output")


def run(options: argparse.Namespace) -> int:
    found = ACTIONS.get(options.action)
    if found is None:
        close = meant(options.action, ACTIONS) or "."
        raise UsageError(f"There is no action '{options.action}', but {', '.join(ACTIONS)}{close}")
    action, wanted = found
    if len(options.words) not in wanted:
        takes = " or ".join(WORDS[number] for number in wanted)
        raise UsageError(f"config {options.action} takes {takes}.")
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
    path = trust.place_of(os.path.abspath(_named_file(options) or _project_file(asker)))  # noqa: PTH100
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


def _named_file(options: argparse.Namespace) -> str | None:
    return options.words[0] if options.words else None


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


def _get(asker: Asker, options: argparse.Namespace) -> int:
    asker.warn()
    key = writing.named(options.words[0])
    try:
        setting = asker.configuration.setting(key.name)
    except KeyError:
        raise UsageError(f"{key.name} is not set, and has no default.") from None
    if options.format == "json":
        print(json.dumps(_as_json(setting), indent=2))
        return 0
    origin = f"  {setting.origin}" if options.origin else ""
    print(escape(key.key.text(setting.value) + origin))
    return 0


def _set(asker: Asker, options: argparse.Namespace) -> int:
    name, given = options.words
    key, target = writing.named(name), _target(asker, options)
    return _change(asker, target, key, target.with_value(key, given))


def _unset(asker: Asker, options: argparse.Namespace) -> int:
    key, target = writing.named(options.words[0]), _target(asker, options)
    text = target.without(key)
    if text == target.text:
        raise UsageError(f"{key.name} is not set in {target.path}{_elsewhere(asker, key.name)}.")
    return _change(asker, target, key, text)


def _elsewhere(asker: Asker, name: str) -> str:
    found = asker.configuration.settings.get(name)
    return f", but in {found.origin}" if found else ""


def _target(asker: Asker, options: argparse.Namespace) -> Target:
    return writing.target(asker.configuration, options.project, options.file)


def _change(asker: Asker, target: Target, key: Named, text: str) -> int:
    """Write a file in which one key has changed; what of the file cannot be used is said."""
    after = Asker.here(asker.identity, proposed={str(target.path): text.encode()})
    problems = _problems_in(after, target)
    if not key.is_part and (own := [one for one in problems if one.name == key.name]):
        raise UsageError(" ".join(f"{one.name} {one.what}." for one in own))
    target.write(text)
    complain_of(problems)
    setting = after.configuration.settings.get(key.name)
    value = "not set" if setting is None else _written(setting)
    if setting is None and key.key.default is not None:
        value = f"{key.key.written(key.key.default)} (default)"
    if setting is not None and setting.origin.place != str(target.path):
        value += f", from {setting.origin}"
    print(escape(f"{target.path}: written; {key.name} is now {value}"))
    return 0


def _problems_in(asker: Asker, target: Target) -> list[Problem]:
    """What of a file cannot be used."""
    found = (*asker.configuration.problems, *problems_of(asker))
    return [one for one in found if one.origin.place == str(target.path)]


def _edit(asker: Asker, options: argparse.Namespace) -> int:
    from aklo_trace.config.editing import edited

    target = _target(asker, options)

    def problems(text: str) -> list[str]:
        proposed = {str(target.path): text.encode("utf-8", "surrogateescape")}
        after = Asker.here(asker.identity, proposed=proposed)
        return [str(one) for one in _problems_in(after, target) if one.is_mistake]

    text = edited(target, asker.identity.variables(), problems)
    if text == target.text:
        print(escape(f"{target.path}: not changed"))
        return 0
    target.write(text)
    print(escape(f"{target.path}: written"))
    return 0


WORDS: Final = {0: "no name", 1: "one name", 2: "a name and a value"}
ACTIONS: Final[dict[str, tuple[Action, tuple[int, ...]]]] = {
    "show": (_show, (0,)),
    "get": (_get, (1,)),
    "set": (_set, (2,)),
    "unset": (_unset, (1,)),
    "edit": (_edit, (0,)),
    "validate": (_validate, (0,)),
    "path": (_path, (0,)),
    "trust": (_trust, (0, 1)),
}
"""What each does, and how many words it can have."""
