"""Print docs/schema.md: what a trace directory holds, as the code has it.

    .venv/bin/python scripts/schema_doc.py > docs/schema.md

A test tells when the page is not current.
"""

from __future__ import annotations

import ast
import inspect
import itertools
import re
from collections.abc import Iterable, Iterator
from dataclasses import fields
from enum import IntFlag
from types import ModuleType

from aklo_trace import loss, meta, schema, store
from aklo_trace.loss import Loss
from aklo_trace.schema import Table

TITLE = f"""\
# The trace directory

Schema version {schema.VERSION}. This page is made from the code by `scripts/schema_doc.py`: its
texts stand in `schema.py`, `meta.py` and `store.py` of `tracer/aklo_trace`.
"""
JSON_TYPES = {
    "str": "text",
    "int": "integer",
    "bool": "true or false",
    "tuple[str, ...]": "list of texts",
    "dict[str, int]": "counts by name",
    "dict[str, str]": "texts by name",
}


def markdown(text: str) -> str:
    """A docstring's text: marks of code with one backtick, as in Markdown."""
    return inspect.cleandoc(text).replace("``", "`")


def one_line(text: str) -> str:
    return re.sub(r"\s+", " ", markdown(text)).replace("|", "\\|")


def table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    head = list(head)
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines) + "\n"


def attribute_docs(module: ModuleType, name: str) -> dict[str, str]:
    """The strings below the attributes of a class."""
    tree = ast.parse(inspect.getsource(module))
    body = next(n.body for n in tree.body if isinstance(n, ast.ClassDef) and n.name == name)
    docs = {}
    for node, following in itertools.pairwise(body):
        match node, following:
            case (
                ast.AnnAssign(target=ast.Name(id=attribute))
                | ast.Assign(targets=[ast.Name(id=attribute)]),
                ast.Expr(value=ast.Constant(value=str(text))),
            ):
                docs[attribute] = one_line(text)
    return docs


def conventions() -> str:
    """The part of the schema's docstring that says what holds in every table."""
    return markdown(schema.__doc__ or "").partition("the same in every table:\n")[2]


def layout() -> str:
    """The part of the store's docstring that draws the directory, and what follows it."""
    return markdown(store.__doc__ or "").partition("\n\n")[2]


def columns(described: Table) -> str:
    rows = (
        [f"`{c.name}`", c.type, c.unit, "yes" if c.nullable else "", one_line(c.doc)]
        for c in described.columns
    )
    return table(("column", "type", "unit", "null", "meaning"), rows)


def flags(described: type[IntFlag]) -> str:
    docs = attribute_docs(schema, described.__name__)
    rows = ([str(flag.value), f"`{flag.name}`", docs[str(flag.name)]] for flag in described)
    return table(("bit", "name", "meaning"), rows)


def json_type(annotation: str) -> str:
    known = JSON_TYPES[annotation.removesuffix(" | None")]
    return known + (" or null" if annotation.endswith("| None") else "")


def meta_fields() -> str:
    docs = attribute_docs(meta, "Meta")
    rows = ([f"`{f.name}`", json_type(str(f.type)), docs[f.name]] for f in fields(meta.Meta))
    return table(("field", "type", "meaning"), rows)


def causes() -> str:
    docs = attribute_docs(loss, "Loss")
    rows = ([f"`{cause}`", loss.COUNTED[cause], docs[cause.name]] for cause in Loss)
    return table(("cause", "of", "meaning"), rows)


def page() -> Iterator[str]:
    yield TITLE
    yield "\n" + layout()
    yield f"\n## Conventions\n\nThe same in every table:\n{conventions()}"
    for described in schema.TABLES:
        yield f"\n## `{described.name}`\n\n{one_line(described.doc)}\n\n{columns(described)}"
    yield "\n## Flags"
    for kind in schema.FLAGS:
        yield f"\n### {kind.__name__}\n\n{one_line(kind.__doc__ or '')}\n\n{flags(kind)}"
    yield f"\n## `meta.json`\n\n{one_line(meta.Meta.__doc__ or '')}\n\n{meta_fields()}"
    yield f"\n### Causes of loss\n\n{one_line(Loss.__doc__ or '')}\n\n{causes()}"


if __name__ == "__main__":
    print("\n".join(part.rstrip("\n") for part in page()))
