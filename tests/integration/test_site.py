"""The documentation builds as a site, without a dead link, and needs nothing from elsewhere."""

from __future__ import annotations

import argparse
import html
import re
import subprocess
import sys
from pathlib import Path

import pytest

from aklo_trace.cli import COMMANDS, parser_of

ROOT = Path(__file__).parents[2]
LOADED = re.compile(r"""<(?:script|img|iframe)[^>]*\bsrc="([^"]*)"|<link[^>]*\bhref="([^"]*)""")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Strict: a page that no menu has is an error, as is a link that leads nowhere."""
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "-d", str(folder)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return folder


def test_every_page_is_there(site: Path) -> None:
    pages = (ROOT / "docs").rglob("*.md")
    wanted = {page.relative_to(ROOT / "docs").with_suffix(".html") for page in pages}
    assert {page.relative_to(site) for page in site.rglob("*.html")} >= wanted


@pytest.mark.parametrize("verb", COMMANDS)
def test_every_option_of_a_verb_is_on_the_page_of_commands(verb: str, site: Path) -> None:
    page = html.unescape((site / "commands.html").read_text("utf-8"))
    text = page.partition(f'<h2 id="{verb}">')[2].partition("<h2 ")[0]
    for action in parser_of(verb)._actions:
        for option in action.option_strings if action.help != argparse.SUPPRESS else ():
            assert re.search(rf"^ .*{option}\b", text, re.M), option


def test_nothing_is_loaded_from_elsewhere(site: Path) -> None:
    for page in site.rglob("*.html"):
        for found in LOADED.findall(page.read_text("utf-8")):
            assert not re.match(r"(https?:)?//", "".join(found)), page
    for style in site.rglob("*.css"):
        assert not re.search(r"url\(\W?(https?:)?//", style.read_text("utf-8")), style


def test_links_out_of_the_pages_name_the_file(site: Path) -> None:
    assert "(<code>examples/aklo/README.md</code>)" in (site / "caches.html").read_text("utf-8")
