"""A limited address space: what is tried, and with how many threads."""

from __future__ import annotations

import subprocess
import sys

import pytest

from aklo_trace.address_space import REPORT_BYTES, TABLES_BYTES

COUNTS = """
from aklo_trace import address_space
address_space.spare()
import numpy, pyarrow
print(pyarrow.cpu_count(), pyarrow.io_thread_count(), pyarrow.default_memory_pool().backend_name)
"""
CHECKS = f"""
from aklo_trace import address_space
try:
    address_space.check({TABLES_BYTES})
except MemoryError as error:
    print(error)
"""


def said(script: str, limit: str = "unlimited") -> str:
    """By a Python whose address space is limited to so many kilobytes."""
    command = ["bash", "-c", f'ulimit -v {limit}; exec "$@"', "bash", sys.executable, "-c", script]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_where_it_is_limited_arrow_has_one_thread_and_no_allocator_of_its_own() -> None:
    assert said(COUNTS, "800000") == "1 1 system"


def test_where_it_is_not_arrow_is_left_alone() -> None:
    assert "system" not in said(COUNTS)


@pytest.mark.parametrize(
    ("limit", "refused"),
    [("unlimited", False), (str(TABLES_BYTES >> 10), False), (str((TABLES_BYTES >> 10) - 1), True)],
)
def test_what_cannot_be_had_is_not_tried(limit: str, refused: bool) -> None:
    assert bool(said(CHECKS, limit)) == refused


def test_a_report_takes_more_than_tables() -> None:
    assert REPORT_BYTES > TABLES_BYTES
