"""Hooks of mkdocs, for what the pages below docs/ leave to the site.

Links to other files of the sources, which the site does not have, become the names of these files;
and one page more has the help of every verb.
"""

from __future__ import annotations

import posixpath
import re
from typing import Any

from mkdocs.structure.files import File, Files

from aklo_trace.cli import COMMANDS, parser_of

LINK = re.compile(r"\[([^]]+)\]\((\.\./[^)#\s]*)(#[^)\s]*)?\)")
COMMANDS_PAGE = "commands.md"
INTRODUCTION = """\
# Commands and options

What `aklo-trace VERB --help` says of each. Without a verb, `aklo-trace [OPTIONS] -- COMMAND` is
`record`.
"""


def on_files(files: Files, *, config: Any, **_: object) -> Files:
    files.append(File.generated(config, COMMANDS_PAGE, content=commands_page()))
    return files


def commands_page() -> str:
    parts = (f"## {name}\n\n```text\n{parser_of(name).format_help()}```\n" for name in COMMANDS)
    return "\n".join([INTRODUCTION, *parts])


def on_page_markdown(markdown: str, *, page: Any, **_: object) -> str:
    folder = posixpath.join("docs", posixpath.dirname(page.file.src_uri))

    def named(link: re.Match[str]) -> str:
        target = posixpath.normpath(posixpath.join(folder, link[2]))
        return link[0] if target.startswith("docs/") else f"{link[1]} (`{target}`)"

    return LINK.sub(named, markdown)
