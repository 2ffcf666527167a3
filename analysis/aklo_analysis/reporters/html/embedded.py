"""JSON within an HTML file."""

from __future__ import annotations

import json
from typing import Any


def embedded(value: Any, utf8: bool = False) -> str:
    """JSON that can neither end the element it is in, nor begin a comment there; ASCII without
    `utf8`."""
    found = json.dumps(value, ensure_ascii=not utf8, allow_nan=False, separators=(",", ":"))
    return found.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")
