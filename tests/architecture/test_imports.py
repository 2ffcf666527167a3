"""Who imports whom: capture does not know analysis, and a recording process stays light."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TRACER = ROOT / "tracer" / "aklo_trace"
ANALYSIS = ROOT / "analysis" / "aklo_analysis"
HEAVY = {"numpy", "pandas", "pyarrow", "tabulate", "aklo_analysis"}
NEEDED_LATER = {"aklo_trace.alerting.performing", "ssl", "http", "urllib.request", "tomllib"}
"""What is needed at the end of a recording at most."""
HANDS_OVER = {
    "commands",
    "presentation.py",
    "judgement.py",
    "gates.py",
    "benchmarking",
    "api.py",
} | {"epilogues.py"}
"""What may hand over to the analysis, and imports it only then."""
OF_CAPTURE = ("ebpf", "bcc", "strace", "engines", "commands", "supervise", "target", "privilege")
RECORDING = (
    "aklo_trace.commands.record",
    "aklo_trace.commands.attach",
    "aklo_trace.commands.watch",
    "aklo_trace.config.configuration",
    "aklo_trace.ebpf.engine",
    "aklo_trace.ebpf.session",
    "aklo_trace.ebpf.recorder",
    "aklo_trace.ebpf.ring",
    "aklo_trace.ebpf.libbpf",
    "aklo_trace.bcc.engine",
    "aklo_trace.strace.engine",
    "aklo_trace.strace.session",
)


def modules(package: Path) -> list[Path]:
    return sorted(package.rglob("*.py"))


def names(node: ast.AST) -> list[str]:
    match node:
        case ast.Import(names=aliases):
            return [alias.name for alias in aliases]
        case ast.ImportFrom(module=str(module), names=aliases):
            return [module, *(f"{module}.{alias.name}" for alias in aliases)]
    return []


def imports(path: Path, *, at_start: bool = False) -> set[str]:
    """What a module imports, at all or when it is imported itself."""
    tree = ast.parse(path.read_text())
    nodes = executed(tree) if at_start else ast.walk(tree)
    return {name for node in nodes for name in names(node)}


def executed(node: ast.AST) -> Iterator[ast.AST]:
    """The nodes outside of functions and of what only type checkers see."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            continue
        if isinstance(child, ast.If) and "TYPE_CHECKING" in ast.unparse(child.test):
            continue
        yield child
        yield from executed(child)


def belongs_to(names: set[str], *packages: str) -> set[str]:
    return {n for n in names if any(n == p or n.startswith(f"{p}.") for p in packages)}


def label(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("path", modules(TRACER), ids=label)
def test_the_tracer_knows_neither_pandas_nor_the_analysis(path: Path) -> None:
    assert not belongs_to(imports(path), "pandas")
    assert not belongs_to(imports(path, at_start=True), "aklo_analysis")
    if path.relative_to(TRACER).parts[0] not in HANDS_OVER:
        assert not belongs_to(imports(path), "aklo_analysis")


@pytest.mark.parametrize("path", modules(ANALYSIS), ids=label)
def test_the_analysis_knows_no_engine(path: Path) -> None:
    assert not belongs_to(imports(path), *(f"aklo_trace.{name}" for name in OF_CAPTURE))


@pytest.mark.parametrize("path", modules(ROOT / "tracer") + modules(ROOT / "analysis"), ids=label)
def test_imports_are_absolute(path: Path) -> None:
    nodes = ast.walk(ast.parse(path.read_text()))
    assert not [node for node in nodes if isinstance(node, ast.ImportFrom) and node.level]


def imported_by(statement: str) -> set[str]:
    """The modules that are loaded after a statement, in a process of its own."""
    program = f"import sys; {statement}; print(*sys.modules, file=sys.stderr)"
    done = subprocess.run(
        [sys.executable, "-c", program], check=True, capture_output=True, text=True, timeout=60
    )
    return set(done.stderr.split())


def in_main(*arguments: str) -> str:
    return (
        "from aklo_trace.cli import main\n"
        f"try: main({list(arguments)!r})\n"
        "except SystemExit: pass\n"
    )


@pytest.mark.parametrize("module", RECORDING)
def test_what_runs_while_recording_is_light(module: str) -> None:
    assert not belongs_to(imported_by(f"import {module}"), *HEAVY, *NEEDED_LATER)


def test_a_recording_process_reads_and_writes_meta_without_help() -> None:
    loaded = imported_by("import aklo_trace.store, aklo_trace.meta, aklo_trace.location")
    assert not belongs_to(loaded, *HEAVY)


def test_a_configuration_costs_what_it_has_and_no_more() -> None:
    """Without a file in TOML, a mistake or a command, what these need is not loaded."""
    module = "aklo_trace.config.configuration"
    loaded = imported_by(f"import pathlib, {module} as c; c.load(None, {{}}, pathlib.Path())")
    assert not belongs_to(loaded, *HEAVY, "tomllib", "tomlkit", "difflib", "hashlib")


def test_help_imports_no_command() -> None:
    loaded = imported_by(f"exec({in_main('--help')!r})")
    assert not belongs_to(loaded, *HEAVY, "aklo_trace.ebpf", "aklo_trace.strace")
    assert belongs_to(loaded, "aklo_trace.commands") == set()


def test_what_draws_text_needs_no_pandas() -> None:
    loaded = imported_by("import aklo_analysis.reporters.page, aklo_analysis.reporters.grid")
    assert not belongs_to(loaded, *(HEAVY - {"aklo_analysis", "tabulate"}))


def test_a_status_needs_no_tables() -> None:
    loaded = imported_by(f"exec({in_main('status')!r})")
    assert belongs_to(loaded, "aklo_trace.overview", "aklo_analysis.reporters.status")
    assert not belongs_to(loaded, "pandas", "numpy", "pyarrow")
