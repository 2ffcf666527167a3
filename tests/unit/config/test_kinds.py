"""What a value can be, from text and from TOML."""

from __future__ import annotations

import pytest

from aklo_trace.config.kinds import (
    Choice,
    Duration,
    Kind,
    Limit,
    Number,
    Place,
    Size,
    Some,
    Text,
    Truth,
    Value,
    Whole,
    Words,
)

TIME = Duration(0, 10**12, "a time")
SIZE = Size(1 << 50, "a size")


@pytest.mark.parametrize(
    ("kind", "given", "value"),
    [
        (Truth(), "true", True),
        (Truth(), False, False),
        (Whole(0, 9), "7", 7),
        (Whole(0, 9), 9, 9),
        (Number(0, 9), "1.5", 1.5),
        (Number(0, 9), 3, 3),
        (Choice(("a", "b")), "b", "b"),
        (TIME, "1.5s", 1_500_000_000),
        (TIME, "2m", 120_000_000_000),
        (TIME, "0", 0),
        (TIME, 0, 0),
        (SIZE, "1.5MiB", 1_572_864),
        (SIZE, "2 GB", 2 * 10**9),
        (SIZE, 0, 0),
        (Text("x", r"a+"), "aaa", "aaa"),
        (Place(), "a b/ü", "a b/ü"),
        (Limit("x"), "500ms", "500ms"),
        (Limit("x"), 5, 5),
        (Limit("x"), 0.5, 0.5),
        (Words("x"), ["a", "b c"], ("a", "b c")),
        (Words("x"), "a 'b c'", ("a", "b c")),
        (Words("x"), "", ()),
        (Some(("a", "b")), ["b"], ("b",)),
        (Some(("a", "b")), "a b", ("a", "b")),
    ],
)
def test_what_is_allowed(kind: Kind, given: object, value: Value) -> None:
    found = kind.read(given)
    assert (found, type(found)) == (value, type(value))


@pytest.mark.parametrize(
    ("kind", "given"),
    [
        *((Truth(), given) for given in ("yes", "True", 1, 0, "", None, [])),
        *((Whole(1, 9), given) for given in ("0", 10, "1.0", 1.0, True, "", "x", "1" * 99, "٣")),
        *((Number(0, 9), given) for given in ("-1", float("nan"), float("inf"), True, "1e3", [])),
        *((Choice(("a", "b")), given) for given in ("c", "", 1, ["a"])),
        *((TIME, given) for given in ("5", 5, "x", "5 parsecs", "-1s", "1h", False, "1e9s", "")),
        *((SIZE, given) for given in ("5", 5, "", "5 parsecs", "-1MB", "2PiB", True, 1.5, [])),
        *((Text("x", r"a+"), given) for given in ("", "b", "aa\n", 1, "a" * 5000)),
        *((Place(), given) for given in ("", "\0", 1, ["x"])),
        *((Limit("x"), given) for given in ("", "-5", -5, True, 1 << 63, float("nan"), [1], "a;b")),
        *((Words("x", least=1), given) for given in ([], "", [1], ["\0"], "'", 3, ["a"] * 99)),
        *((Some(("a", "b")), given) for given in ([], "c", ["a", "c"], "")),
    ],
)
def test_what_is_not(kind: Kind, given: object) -> None:
    with pytest.raises(ValueError, match=kind.allowed.replace("(", "\\(")):
        kind.read(given)
