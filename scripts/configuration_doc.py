"""Print the tables of keys with which docs/configuration.md ends, as the code has them.

    sed -i '/^### .\\[trace/,$d' docs/configuration.md
    .venv/bin/python scripts/configuration_doc.py >> docs/configuration.md

A test tells when the page does not have them.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby

from aklo_trace.config.keys import KEYS
from aklo_trace.config.model import ANY, Key

HEAD = "| key | value | default | meaning | elsewhere |\n|---|---|---|---|---|"


def row(key: Key) -> str:
    value = key.kind.allowed + (f", in {key.unit}" if key.unit else "")
    default = "" if key.default is None else f"`{key.written(key.default)}`"
    names = [name for name in (key.aklo, key.variable, key.flag) if name]
    cells = (f"`{key.name}`", value, default, key.doc, ", ".join(f"`{n}`" for n in names))
    return f"| {' | '.join(cells)} |"


def tables() -> Iterator[str]:
    """One for each table of keys, with its heading."""
    for table, keys in groupby(KEYS, key=lambda key: key.table):
        yield "\n".join([f"### `[{table.replace(ANY, 'NAME')}]`", "", HEAD, *map(row, keys)])


if __name__ == "__main__":
    print("\n\n".join(tables()))
