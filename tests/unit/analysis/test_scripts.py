"""Names of scripts are shortened by the directory that saves most."""

from __future__ import annotations

import pytest

from aklo_analysis.reporters.scripts import Scripts


@pytest.mark.parametrize(
    ("files", "root"),
    [
        (["/opt/t/lib/a.sh", "/opt/t/lib/b.sh", "/opt/t/bin/t"], "/opt/t/lib/"),
        (["/opt/tool/a/b.sh", "/opt/tool/c/d.sh", "/opt/tool/e/f.sh"], "/opt/tool/"),
        (["/opt/tool/a.sh", "/opt/tool/b.sh", "/usr/lib/x/y/z.sh"], "/opt/tool/"),
        (["/s.sh", "/etc/profile"], ""),
        (["s.sh", "lib/t.sh"], ""),
        ([], ""),
    ],
)
def test_the_directory_that_saves_most_is_left_out(files: list[str], root: str) -> None:
    assert Scripts(files).root == root


def test_files_elsewhere_keep_their_whole_names() -> None:
    scripts = Scripts(["/opt/tool/a.sh", "/opt/tool/b.sh"])
    assert scripts.short("/opt/tool/a.sh") == "a.sh"
    assert scripts.short("/opt/toolbox/a.sh") == "/opt/toolbox/a.sh"
