"""Post a JSON object, as a program of its own: what is asked comes on its standard input.

It needs nothing but the standard library, not even the rest of aklo-trace. Why it failed goes to
stderr, in one line. Redirections are not followed: they could lead to where the user did not want
the alert to go.
"""

from __future__ import annotations

import json
import sys
import urllib.error
import urllib.request
from typing import Any

LEAST, MOST = 200, 299


class _NoRedirection(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: Any) -> None:
        return None


def post(url: str, body: bytes, timeout_s: float) -> str:
    """Why it failed, or nothing."""
    if not url.startswith(("http://", "https://")):
        return "it is no address of the web"
    headers = {"Content-Type": "application/json", "User-Agent": "aklo-trace"}
    request = urllib.request.Request(url, body, headers)
    try:
        with urllib.request.build_opener(_NoRedirection).open(request, timeout=timeout_s) as answer:
            status = answer.status
    except urllib.error.HTTPError as error:
        status = error.code
    except (OSError, ValueError) as error:
        reason = getattr(error, "reason", error)
        return str(getattr(reason, "strerror", None) or reason or error)
    return "" if LEAST <= status <= MOST else f"the server answers {status}"


def main() -> int:
    asked = json.load(sys.stdin)
    why = post(asked["url"], asked["body"].encode(), asked["timeout_s"])
    if why:
        print(why.splitlines()[0], file=sys.stderr)
    return 1 if why else 0


if __name__ == "__main__":
    sys.exit(main())
