"""Text from the traced program, made storable: it can be any bytes."""

from __future__ import annotations


def decode(raw: bytes) -> tuple[str, bool]:
    """The text, with bytes that are not UTF-8 written as ``\\xNN``, and whether there were any.

    A backslash of the text itself stays as it is: the flag, not the text, says that it was
    escaped.
    """
    try:
        return raw.decode("utf-8"), False
    except UnicodeDecodeError:
        return raw.decode("utf-8", "backslashreplace"), True
