"""Programs that take a part of a text: a name of a path, a field, a line."""

from __future__ import annotations

import re
from typing import Final

from aklo_analysis.rules import costs
from aklo_analysis.rules.dialect import Dialect
from aklo_analysis.rules.idioms.idiom import Idiom, Translate, Words, literal, options

SPLIT: Final = costs.HERE_STRING
NEWLINE: Final = "$'\\n'"


def _basename(words: Words, _: Dialect) -> Idiom | None:
    found = options(words, "")
    if found is None or len(found.words) not in (1, 2):
        return None
    name = Idiom("${v##*/}", costs.EXPANSION)
    return name if len(found.words) == 1 else name.then(_without_end(found.words[1]))


def _without_end(text: str) -> Idiom:
    return Idiom("${v%" + literal(text) + "}", costs.EXPANSION)


def _dirname(words: Words, _: Dialect) -> Idiom | None:
    found = options(words, "")
    if found is None or len(found.words) != 1 or not re.fullmatch(r".+/[^/]+", found.words[0]):
        return None
    return Idiom("${v%/*}", costs.EXPANSION)


def _cut(words: Words, shell: Dialect) -> Idiom | None:
    found = options(words, "s", "dfcb")
    if found is None or found.words:
        return None
    if "f" in found.values:
        return _fields(found.values.get("d", "\t"), found.values["f"], shell)
    return _columns(found.values.get("c") or found.values.get("b") or "", shell)


def _fields(mark: str, wanted: str, shell: Dialect) -> Idiom | None:
    by = literal(mark)
    first, second = "${v%%" + by + "*}", "${v#*" + by + "}"
    if wanted == "1":
        return Idiom(first, costs.EXPANSION)
    if wanted == "2-":
        return Idiom(second, costs.EXPANSION)
    if wanted == "2":
        return Idiom(f"v={second}; v={first}", 2 * costs.EXPANSION)
    if not re.fullmatch(r"\d+", wanted):
        return None
    if shell.is_bash():
        text = f'IFS={by} read -ra f <<<"$v", then ${{f[{int(wanted) - 1}]}}'
        return Idiom(text, SPLIT)
    return Idiom(f"IFS={by}; set -- $v, then ${{{wanted}}}", costs.EXPANSION)


def _columns(wanted: str, shell: Dialect) -> Idiom | None:
    found = re.fullmatch(r"(\d*)(-?)(\d*)", wanted)
    if not found or not shell.is_bash() or wanted in ("", "-"):
        return None
    start = int(found[1] or 1)
    if not found[2]:
        return Idiom(f"${{v:{start - 1}:1}}", costs.BUILTIN)
    length = f":{int(found[3]) - start + 1}" if found[3] else ""
    return Idiom(f"${{v:{start - 1}{length}}}", costs.BUILTIN)


def _awk(words: Words, shell: Dialect) -> Idiom | None:
    found = options(words, "", "F")
    if found is None or len(found.words) != 1:
        return None
    field = re.fullmatch(r"\s*\{\s*print\s+\$(\d+|NF)\s*;?\s*\}\s*", found.words[0])
    if not field or field[1] == "0":
        return None
    mark = found.values.get("F")
    if mark is not None and len(mark) != 1:
        return None
    if field[1] == "NF":
        return Idiom("${v##*" + literal(mark or " ") + "}", costs.EXPANSION)
    separator = "" if mark is None else f"IFS={literal(mark)} "
    if not shell.is_bash():
        return Idiom(f"{separator}set -- $v, then ${{{field[1]}}}", costs.EXPANSION)
    skipped = "_ " * (int(field[1]) - 1)
    return Idiom(f'{separator}read -r {skipped}v _ <<<"$v"', SPLIT)


def _count(words: Words) -> tuple[str, str] | None:
    """What ``-n`` or ``-c`` was given, and which of them."""
    found = options([re.sub(r"^-(\d+)$", r"-n\1", word) for word in words], "q", "nc")
    if found is None or found.words or len(found.values) != 1:
        return None
    ((letter, value),) = found.values.items()
    return (letter, value) if re.fullmatch(r"\d+", value) else None


def _head(words: Words, shell: Dialect) -> Idiom | None:
    wanted = _count(words)
    if wanted is None or not shell.is_bash():
        return None
    if wanted == ("n", "1"):
        return Idiom("${v%%" + NEWLINE + "*}", costs.EXPANSION)
    if wanted[0] == "n":
        text = f'mapfile -tn {wanted[1]} v <<<"$v"'
        return Idiom(text, SPLIT, costs.BUILTIN)
    return Idiom(f"${{v:0:{wanted[1]}}}", costs.BUILTIN)


def _tail(words: Words, shell: Dialect) -> Idiom | None:
    wanted = _count(words)
    if wanted is None or not shell.is_bash():
        return None
    if wanted == ("n", "1"):
        return Idiom("${v##*" + NEWLINE + "}", costs.EXPANSION)
    return None if wanted[0] == "n" else Idiom(f"${{v: -{wanted[1]}}}", costs.BUILTIN)


def _xargs(words: Words, shell: Dialect) -> Idiom | None:
    """Without arguments it drops the spaces around a text."""
    return None if words or not shell.is_bash() else Idiom('read -r v <<<"$v"', SPLIT)


TABLE: Final[dict[str, Translate]] = {
    "awk": _awk,
    "basename": _basename,
    "cut": _cut,
    "dirname": _dirname,
    "gawk": _awk,
    "head": _head,
    "mawk": _awk,
    "tail": _tail,
    "xargs": _xargs,
}
