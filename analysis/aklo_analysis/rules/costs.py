"""What bash itself takes for what is advised instead of a program.

In nanoseconds of CPU time, as ``python -m benchmarks --only shell`` measures them; the figures here
are those of bash 5.2 on the machine of docs/performance.md. They need not be exact: the programs
that they replace take a hundred times as long.
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

SUBSHELL: Final = 300_000
"""A process without a program."""
