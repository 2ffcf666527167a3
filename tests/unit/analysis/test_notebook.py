"""The notebook runs from its first cell to its last."""

from __future__ import annotations

from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

from .sample import sample_trace
from .synthetic_trace import START_NS

NOTEBOOK = Path(__file__).parents[3] / "notebooks" / "analysis.ipynb"
PLOTS = 4


@pytest.fixture
def notebook() -> nbformat.NotebookNode:
    return nbformat.read(NOTEBOOK, as_version=4)


def test_it_opens_a_trace_and_a_directory_of_traces(
    notebook: nbformat.NotebookNode, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(3):
        trace = sample_trace()
        trace.facts["started_at_ns"] = START_NS + number * 10**9
        trace.write(tmp_path / f"run-{number}")
    monkeypatch.setenv("NOTEBOOK_TRACE", str(tmp_path / "run-0"))
    NotebookClient(notebook, timeout=120, kernel_name="python3").execute(cwd=str(tmp_path))
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", ())]
    assert sum("image/png" in output.get("data", {}) for output in outputs) == PLOTS
    texts = " ".join(output["text"] for output in outputs if output["output_type"] == "stream")
    assert "12 of 212 calls were lost" in texts
    assert not [output for output in outputs if output.get("name") == "stderr"]


def test_it_is_kept_without_outputs(notebook: nbformat.NotebookNode) -> None:
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert not any(cell.outputs or cell.execution_count for cell in cells)
