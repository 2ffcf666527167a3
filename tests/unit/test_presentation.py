"""What a report may look like where it is printed."""

from __future__ import annotations

import io

import pytest

from aklo_trace.presentation import takes_utf8, wanted


@pytest.mark.parametrize(
    ("environ", "assumed", "expected"),
    [
        ({}, True, True),
        ({"LC_CTYPE": "C.UTF-8"}, True, True),
        ({"LANG": "de_DE.UTF-8"}, False, True),
        ({"LANG": "not_installed.UTF-8", "LC_CTYPE": "C.UTF-8"}, True, True),
        ({"LANG": "C", "LC_CTYPE": "C.UTF-8"}, False, True),
        ({"LANG": "C", "LC_CTYPE": "C.UTF-8"}, True, False),
        ({"LC_ALL": "C", "LANG": "de_DE.UTF-8"}, True, False),
        ({"LC_ALL": "POSIX"}, True, False),
        ({"LC_ALL": "C.UTF-8", "LANG": "C"}, False, True),
    ],
)
def test_where_the_user_named_the_c_locale_the_report_is_ascii(
    environ: dict[str, str], assumed: bool, expected: bool
) -> None:
    stream = io.TextIOWrapper(io.BytesIO(), encoding="utf-8")
    assert takes_utf8(stream, environ, assumed) == expected
    other = io.TextIOWrapper(io.BytesIO(), encoding="iso-8859-1")
    assert not takes_utf8(other, environ, assumed)


@pytest.mark.parametrize(
    ("sections", "is_grouped", "shown"),
    [
        ((), False, ()),
        ((), True, ("by",)),
        (("header",), True, ("header", "by")),
        (("by", "header"), True, ("by", "header")),
    ],
)
def test_what_is_grouped_is_shown_beside_the_sections(
    sections: tuple[str, ...], is_grouped: bool, shown: tuple[str, ...]
) -> None:
    assert wanted(sections, is_grouped) == shown
