"""A report goes into a file of its own, in any format."""

from __future__ import annotations

import re
import stat

from .conftest import Project


def test_a_report_is_a_file_that_nobody_else_reads_and_nothing_replaces(project: Project) -> None:
    project.conf.touch()
    assert project.run("record", "--engine", "strace", "-q", "--", "sh", "-c", ":").returncode == 0
    page = project.conf.parent / "report.html"
    asked = "report", "--format", "html", "-o", str(page)
    done = project.run(*asked)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert stat.S_IMODE(page.stat().st_mode) == 0o600
    written = page.read_text("utf-8")
    assert written.startswith("<!DOCTYPE html>")
    assert written.endswith("</html>\n")
    assert "<title>sh -c : · aklo-trace</title>" in written
    assert len(re.findall("<tr", written)) > 10
    page.write_text("mine")
    done = project.run(*asked)
    assert (done.returncode, page.read_text()) == (1, "mine")
    assert "--force" in done.stderr
    assert project.run(*asked, "--force").returncode == 0
    assert page.read_text("utf-8") == written


def test_a_page_has_as_many_rows_as_are_asked_for(project: Project) -> None:
    project.conf.touch()
    script = "for d in /*; do [ -e $d/x ]; done"
    project.run("record", "--engine", "strace", "-q", "--", "sh", "-c", script)
    rows = {
        top: len(re.findall("<tr", project.run("report", "--format", "html", *top).stdout))
        for top in ((), ("--top", "100"), ("--top", "2"))
    }
    assert rows[()] == rows["--top", "100"] > rows["--top", "2"]
