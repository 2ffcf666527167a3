"""What bash itself takes for what is advised instead of a program.

In nanoseconds of CPU time, user and system, of bash 5.2 in loops of a thousand to 300,000 turns.
They need not be exact: the programs that they replace take a hundred times as long. What is
predicted with them is compared with what is saved by ``python -m benchmarks --only s``.
"""

from __future__ import annotations

from typing import Final

BUILTIN: Final = 2_000
"""An assignment, an arithmetic expression, a test, a builtin command."""

EXPANSION: Final = 3_000
"""A parameter expansion with a pattern."""

MATCH: Final = 15_000
"""`[[ text =~ expression ]]`."""

TIME: Final = 15_000
"""`printf '%(format)T'`."""

FUNCTION: Final = 5_000
"""A function call that leaves its result in a variable."""

HERE_STRING: Final = 34_000
"""`read <<< text`: a pipe, written and read."""

READ_FILE: Final = 12_000
"""`$(<file)` without a process, or `read <file`."""

LINE: Final = 7_000
"""One turn of `while read`."""

FAULTS: Final = 200_000
"""What a forked shell takes, while it does its own work, for the pages that it shares with its
parent until one of them writes; at most."""

SUBSHELL: Final = 300_000
"""A process without a program."""
