"""Rows as Parquet: the schema's types, nulls as nulls, and damage said in words."""

from __future__ import annotations

import random
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from aklo_trace import meta as meta_file
from aklo_trace import tables
from aklo_trace.errors import CorruptTrace
from aklo_trace.events import NULL
from aklo_trace.meta import Meta
from aklo_trace.packing import STANDARD, Packing
from aklo_trace.schema import FILES, IMAGES, PROCESSES, SYSCALLS, TABLES, Column, Table
from aklo_trace.store import Trace
from aklo_trace.syscalls import by_name
from aklo_trace.tables import PART, TableWriter, arrow_schema, read_table

COUNT = 100
NULLABLE = [column for column in SYSCALLS.columns if column.nullable]
META = Meta("ebpf", "because", ("true",), "/", 0)


def syscalls(count: int = COUNT, **given: Any) -> dict[str, Any]:
    columns = {name: np.arange(count, dtype=np.int64) for name in SYSCALLS.column_names}
    columns["syscall"] = np.full(count, by_name()["read"].code, np.int32)
    columns["errno"] = np.full(count, NULL)
    return columns | given


def rows_of(table: Table, **given: object) -> dict[str, list[object]]:
    """Two rows: one of nulls where there may be some, one of values."""
    return {column.name: [empty(column), full(column)] for column in table.columns} | {
        name: [value] * 2 for name, value in given.items()
    }


def empty(column: Column) -> object:
    return None if column.nullable else full(column)


def full(column: Column) -> object:
    return {"string": "x", "dictionary": "regular", "strings": ["a", "b"], "ints": [1, 2]}.get(
        column.type, 7
    )


@pytest.fixture
def written(tmp_path: Path) -> Path:
    """A trace whose tables have a few rows."""
    with TableWriter(tmp_path) as writer:
        writer.add({"syscalls": syscalls(), **{t.name: rows_of(t) for t in TABLES[1:]}})
    assert writer.rows == {
        "syscalls": COUNT,
        "processes": 2,
        "images": 2,
        "files": 2,
        "sites": 2,
        "samples": 2,
        "calls": 2,
        "offcpu": 2,
        "tracked": 2,
    }
    meta_file.write(tmp_path, META)
    return tmp_path


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_the_files_have_the_schemas_columns(written: Path, table: Table) -> None:
    read = read_table(written, table, None)
    assert read.column_names == list(table.column_names)
    for field, expected in zip(read.schema, arrow_schema(table), strict=True):
        assert (field.name, field.nullable) == (expected.name, expected.nullable)
        assert str(field.type).startswith(str(expected.type).partition("<")[0])


def test_columns_carry_their_meaning(written: Path) -> None:
    field = read_table(written, SYSCALLS, None).schema.field("dur_ns")
    assert field.metadata[b"unit"] == b"ns"
    assert b"entry to exit" in field.metadata[b"doc"]


@pytest.mark.parametrize("table", TABLES[1:], ids=lambda table: table.name)
def test_null_is_null_and_integers_stay_integers(written: Path, table: Table) -> None:
    nulls, values = read_table(written, table, None).to_pylist()
    for column in table.columns:
        assert nulls[column.name] == empty(column)
        assert values[column.name] == full(column)
        assert type(values[column.name]) is type(full(column))


@pytest.mark.parametrize(
    "column", [c for c in SYSCALLS.columns if c.nullable], ids=lambda c: c.name
)
def test_null_is_never_zero(tmp_path: Path, column: Column) -> None:
    values = np.array([NULL, 0, 1, NULL], np.int64)
    with TableWriter(tmp_path) as writer:
        writer.add({"syscalls": syscalls(4, **{column.name: values})})
    read = read_table(tmp_path, SYSCALLS, [column.name]).column(column.name)
    assert read.to_pylist() == [None, 0, 1, None]
    assert pa.types.is_integer(read.type)


def test_a_column_of_nulls_keeps_its_type(tmp_path: Path) -> None:
    with TableWriter(tmp_path) as writer:
        writer.add({"syscalls": syscalls(3, ret=np.full(3, NULL))})
        writer.add({"syscalls": syscalls(3)})
    read = read_table(tmp_path, SYSCALLS, ["ret"]).column("ret")
    assert read.type == pa.int64()
    assert read.to_pylist() == [None, None, None, 0, 1, 2]


def test_a_number_that_does_not_fit_is_not_cut(tmp_path: Path) -> None:
    with TableWriter(tmp_path) as writer, pytest.raises(pa.ArrowInvalid):
        writer.add({"syscalls": syscalls(1, fd=np.array([1 << 40]))})


def test_names_of_calls_are_stored_once(written: Path) -> None:
    column = read_table(written, SYSCALLS, ["syscall"]).column("syscall")
    assert column.to_pylist() == ["read"] * COUNT
    assert (written / "syscalls" / PART).stat().st_size < 100_000


def test_tables_without_rows_are_there(tmp_path: Path) -> None:
    with TableWriter(tmp_path):
        pass
    for table in TABLES:
        assert read_table(tmp_path, table, None).num_rows == 0


def test_files_of_one_table_are_read_as_one(written: Path) -> None:
    folder = written / "processes"
    shutil.copy(folder / PART, folder / "part-00001.parquet")
    assert read_table(written, PROCESSES, ["pid"]).num_rows == 4


def segments(folder: Path, packing: Packing, count: int = 5) -> list[int]:
    """The rows of each file of `syscalls`, of which there were `count` pieces of 10 s each."""
    with TableWriter(folder, packing) as writer:
        for number in range(count):
            ts_ns = number * 10**10 + np.arange(COUNT) * 10**8
            writer.add({"syscalls": syscalls(ts_ns=ts_ns)})
    assert writer.rows["syscalls"] == COUNT * count
    times = read_table(folder, SYSCALLS, ["ts_ns"]).column("ts_ns").to_pylist()
    assert times == [10**8 * number for number in range(COUNT * count)]
    assert len(list((folder / "processes").iterdir())) == 1
    parts = sorted((folder / "syscalls").iterdir())
    assert [part.name for part in parts] == [f"part-{n:05}.parquet" for n in range(len(parts))]
    return [pq.ParquetFile(part).metadata.num_rows for part in parts]


@pytest.mark.parametrize(
    ("packing", "rows"),
    [
        (STANDARD, [500]),
        (replace(STANDARD, segment_bytes=1), [100] * 5),
        (replace(STANDARD, segment_ns=15 * 10**9), [200, 200, 100]),
        (replace(STANDARD, segment_ns=9 * 10**9), [100] * 5),
    ],
)
def test_a_file_is_closed_when_it_is_large_or_covers_much_time(
    packing: Packing, rows: list[int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tables, "LEAST_BYTES", 1)
    assert segments(tmp_path, packing) == rows


def test_no_small_file_is_closed_for_its_age(tmp_path: Path) -> None:
    assert segments(tmp_path, replace(STANDARD, segment_ns=1)) == [500]


def test_tables_are_compressed_as_hard_as_is_said(tmp_path: Path) -> None:
    values = np.random.default_rng(1).integers(0, 1 << 40, 20_000) >> 20 << 20
    sizes = []
    for level in (1, 19):
        folder = tmp_path / str(level)
        folder.mkdir()
        with TableWriter(folder, replace(STANDARD, zstd_level=level)) as writer:
            writer.add({"syscalls": syscalls(20_000, offset=values)})
        sizes.append((folder / "syscalls" / PART).stat().st_size)
    assert sizes[1] < sizes[0]


def test_files_are_for_their_owner_alone(written: Path) -> None:
    parts = list(written.glob("*/*.parquet"))
    assert len(parts) == len(TABLES)
    assert {part.stat().st_mode & 0o777 for part in parts} == {0o600}
    assert {part.parent.stat().st_mode & 0o777 for part in parts} == {0o700}


DAMAGES = {
    "no file": lambda part: part.unlink(),
    "no folder": lambda part: shutil.rmtree(part.parent),
    "empty": lambda part: part.write_bytes(b""),
    "text": lambda part: part.write_text("no Parquet at all " * 10),
    "without its end": lambda part: part.write_bytes(part.read_bytes()[:-10]),
    "without its beginning": lambda part: part.write_bytes(part.read_bytes()[10:]),
    "its end alone": lambda part: part.write_bytes(part.read_bytes()[-200:]),
    "another table": lambda part: shutil.copy(part.parents[1] / "files" / PART, part),
    "a folder": lambda part: (part.unlink(), part.mkdir()),
    "zeros in the middle": lambda part: part.write_bytes(
        part.read_bytes()[:200] + bytes(1000) + part.read_bytes()[1200:]
    ),
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES.keys())
def test_damage_is_said_in_words(written: Path, damage: Any) -> None:
    damage(written / "syscalls" / PART)
    with pytest.raises(CorruptTrace, match=f"The table syscalls of {written} is damaged"):
        Trace(written, META).table("syscalls")


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("ts_ns", pa.array(["yesterday"])),
        ("ts_ns", pa.array([None], pa.int64())),
        ("ts_ns", pa.array([1.5])),
        ("syscall", pa.array(["read"])),
    ],
)
def test_columns_of_another_type_are_damage(written: Path, name: str, values: pa.Array) -> None:
    part = written / "syscalls" / PART
    table = pq.read_table(part).slice(0, 1)
    place = table.column_names.index(name)
    pq.write_table(table.set_column(place, name, values), part)
    with pytest.raises(CorruptTrace, match=f"no column {name} as the schema has it"):
        Trace(written, META).table("syscalls")


@pytest.mark.parametrize("name", ["caf\udce9", "a\x1bb", "s p", "file:", "x?y#z", "é"])
def test_any_directory_name_will_do(tmp_path: Path, name: str) -> None:
    (tmp_path / name).mkdir()
    with TableWriter(tmp_path / name) as writer:
        writer.add({"syscalls": syscalls()})
    assert read_table(tmp_path / name, SYSCALLS, ["tid"]).num_rows == COUNT


def test_any_flipped_byte_is_noticed_or_harmless(written: Path) -> None:
    chance = random.Random(20_240_229)
    part = written / "images" / PART
    whole = part.read_bytes()
    expected = Trace(written, META).table("images").to_pylist()
    noticed = 0
    for _ in range(300):
        flipped = bytearray(whole)
        flipped[chance.randrange(len(whole))] ^= 1 << chance.randrange(8)
        part.write_bytes(flipped)
        try:
            read = Trace(written, META).table("images")
        except CorruptTrace:
            noticed += 1
        else:
            assert read.column_names == list(IMAGES.column_names)
            assert read.num_rows == len(expected)
    assert noticed > 30


def test_files_have_a_schema_for_every_column_type() -> None:
    types = {column.type for table in (*TABLES, FILES) for column in table.columns}
    assert types == {"int16", "int32", "int64", "string", "strings", "ints", "dictionary"}
