"""meta.json, written and read."""

from __future__ import annotations

import contextlib
import json
import os
from dataclasses import asdict, fields, replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aklo_trace import meta as meta_file
from aklo_trace import schema
from aklo_trace.errors import CorruptTrace, NewerTrace, NotATrace, TraceError
from aklo_trace.meta import COUNT, FILE, MOST_BYTES, RANGES, Meta

SMALLEST = Meta("ebpf", "because", ("true",), "/", 1_700_000_000_123_456_789)
VALUES: dict[str, st.SearchStrategy[Any]] = {
    "str": st.text(),
    "bool": st.booleans(),
    "tuple[str, ...]": st.lists(st.text()).map(tuple),
    "dict[str, int]": st.dictionaries(st.text(), st.integers(0, COUNT[-1])),
    "dict[str, str]": st.dictionaries(st.text(), st.text()),
}


def any_value(name: str, kind: str) -> st.SearchStrategy[Any]:
    numbers = RANGES.get(name, COUNT)
    values = VALUES.get(kind.removesuffix(" | None"), st.integers(numbers[0], numbers[-1]))
    return values | st.none() if kind.endswith("None") else values


METAS = st.builds(
    Meta, **{item.name: any_value(item.name, str(item.type)) for item in fields(Meta)}
).map(lambda made: replace(made, schema_version=schema.VERSION))


@given(METAS)
def test_what_is_written_is_read(tmp_path_factory: pytest.TempPathFactory, made: Meta) -> None:
    folder = tmp_path_factory.mktemp("meta")
    meta_file.write(folder, made)
    assert meta_file.read(folder) == made


def test_arguments_that_are_not_utf8_come_back(tmp_path: Path) -> None:
    made = replace(SMALLEST, argv=("caf\udce9", "\ud800", "\\udce9"))
    meta_file.write(tmp_path, made)
    assert meta_file.read(tmp_path) == made


def test_it_is_for_its_owner_alone_and_replaced_as_a_whole(tmp_path: Path) -> None:
    meta_file.write(tmp_path, SMALLEST)
    before = (tmp_path / FILE).stat().st_ino
    meta_file.write(tmp_path, replace(SMALLEST, complete=True))
    assert (tmp_path / FILE).stat().st_ino != before
    assert (tmp_path / FILE).stat().st_mode & 0o777 == 0o600
    assert [path.name for path in tmp_path.iterdir()] == [FILE]


def test_a_field_that_is_not_known_is_passed_over(tmp_path: Path) -> None:
    """A later version of the tool may add some without changing the schema."""
    found = asdict(SMALLEST) | {"from_the_future": [1, {"a": None}]}
    (tmp_path / FILE).write_text(json.dumps(found))
    assert meta_file.read(tmp_path) == SMALLEST


def test_a_field_that_is_missing_has_its_default(tmp_path: Path) -> None:
    found = {name: value for name, value in asdict(SMALLEST).items() if name != "loss"}
    (tmp_path / FILE).write_text(json.dumps(found))
    assert meta_file.read(tmp_path) == SMALLEST


def test_times_are_in_utc() -> None:
    assert meta_file.iso(1_700_000_000_123_456_789) == "2023-11-14T22:13:20.123457+00:00"


def read_text(folder: Path, text: str) -> Meta:
    (folder / FILE).write_text(text)
    return meta_file.read(folder)


@pytest.mark.parametrize(
    "text",
    ["", "{", "nul", '{"schema_version": 1', "[" * 100_000, '{"a": "\x00"}', '"\\ud8'],
)
def test_what_is_no_json_is_damaged(tmp_path: Path, text: str) -> None:
    with pytest.raises(CorruptTrace, match=r"meta\.json is damaged"):
        read_text(tmp_path, text)


def test_bytes_that_are_no_text_are_damaged(tmp_path: Path) -> None:
    (tmp_path / FILE).write_bytes(b'{"schema_version": 1, "engine": "\xff"}')
    with pytest.raises(CorruptTrace):
        meta_file.read(tmp_path)


@pytest.mark.parametrize("text", ["[]", "null", "1", '"x"', "{}", '{"schema_version": "1"}'])
def test_other_json_is_not_ours(tmp_path: Path, text: str) -> None:
    with pytest.raises(NotATrace, match="names no schema version"):
        read_text(tmp_path, text)


def test_a_newer_schema_is_not_read(tmp_path: Path) -> None:
    newer = json.dumps(asdict(SMALLEST) | {"schema_version": schema.VERSION + 1, "argv": {}})
    with pytest.raises(NewerTrace, match="Install a newer aklo-trace"):
        read_text(tmp_path, newer)


@pytest.mark.parametrize("name", [item.name for item in fields(Meta)])
@pytest.mark.parametrize("value", [1.5, {"a": None}, [1], {"a": [1]}, [None]])
def test_a_value_of_another_type_is_damage(tmp_path: Path, name: str, value: object) -> None:
    text = json.dumps(asdict(SMALLEST) | {name: value})
    with pytest.raises((CorruptTrace, NotATrace)):
        read_text(tmp_path, text)


NUMBERS = [item.name for item in fields(Meta) if "int" in str(item.type)]


@pytest.mark.parametrize("name", NUMBERS)
@pytest.mark.parametrize("number", [-(2**62) - 1, 10**30, float("nan"), float("inf")])
def test_an_absurd_number_is_damage(tmp_path: Path, name: str, number: float) -> None:
    value = {"x": number} if isinstance(getattr(SMALLEST, name), dict) else number
    text = json.dumps(asdict(SMALLEST) | {name: value})
    with pytest.raises((CorruptTrace, NotATrace, NewerTrace)):
        read_text(tmp_path, text)


@pytest.mark.parametrize("name", ["engine", "argv", "started_at_ns"])
def test_what_must_not_be_missing(tmp_path: Path, name: str) -> None:
    found = {key: value for key, value in asdict(SMALLEST).items() if key != name}
    with pytest.raises(CorruptTrace):
        read_text(tmp_path, json.dumps(found))


@given(st.data())
def test_any_damage_is_said_in_words(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    folder = tmp_path_factory.mktemp("damaged")
    meta_file.write(folder, SMALLEST)
    content = bytearray((folder / FILE).read_bytes())
    for _ in range(data.draw(st.integers(1, 3))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    (folder / FILE).write_bytes(content[: data.draw(st.integers(0, len(content)))])
    with contextlib.suppress(TraceError):
        assert isinstance(meta_file.read(folder), Meta)


def test_a_folder_without_it_is_no_trace(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "nowhere", Path("/etc/passwd")):
        with pytest.raises(NotATrace, match="is not a trace"):
            meta_file.read(path)


@pytest.mark.parametrize("place", ["fifo", "device", "loop", "huge"])
def test_what_is_no_file_is_not_read(tmp_path: Path, place: str) -> None:
    """Whoever opened the pipe, or read all of the device or of the file, would not come back."""
    path = tmp_path / FILE
    match place:
        case "fifo":
            os.mkfifo(path)
        case "device":
            path.symlink_to("/dev/zero")
        case "loop":
            path.symlink_to(path)
        case "huge":
            with path.open("wb") as file:
                file.truncate(MOST_BYTES + 1)
    with pytest.raises(CorruptTrace, match=r"meta\.json is damaged"):
        meta_file.read(tmp_path)


def test_a_folder_in_its_place_is_damage(tmp_path: Path) -> None:
    (tmp_path / FILE).mkdir()
    with pytest.raises(CorruptTrace, match="Is a directory"):
        meta_file.read(tmp_path)


@pytest.mark.parametrize("encoding", ["utf-8", "iso-8859-1"])
def test_names_are_kept_alike_in_every_locale(
    encoding: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def encoded(name: str) -> bytes:
        return name.encode(encoding, "surrogateescape")

    monkeypatch.setattr(os, "fsencode", encoded)
    for raw in (b"caf\xe9", "café".encode(), b"plain"):
        word = raw.decode(encoding, "surrogateescape")
        assert meta_file.as_utf8(word) == raw.decode("utf-8", "surrogateescape")
