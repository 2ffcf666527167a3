"""Frozen dataclasses that were written as JSON, read again.

What is read may be damaged, or somebody else's: everything is checked against the types that the
fields are declared with.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields, is_dataclass
from functools import cache
from types import UnionType
from typing import Any, Final, TypeVar, cast, get_args, get_origin, get_type_hints

T = TypeVar("T")
Read = Callable[[Any], Any]

NUMBERS: Final = range(-(1 << 62), 1 << 62)
"""What a whole number can be: the sum of two still is an int64."""


def restored(kind: type[T], value: object) -> T:
    """An instance of a dataclass from the object that JSON has of it. Names that it has no field
    for are passed over; a field that is missing has its default. Raises ValueError."""
    return cast("T", _reader(cast("Any", kind))(value))


@cache
def _reader(kind: Any) -> Read:
    if is_dataclass(kind):
        return _of_record(cast("type", kind))
    if get_origin(kind) is tuple:
        return _of_items(_reader(get_args(kind)[0]))
    if get_origin(kind) is UnionType:
        (known,) = (one for one in get_args(kind) if one is not type(None))
        return _of_optional(_reader(known))
    return {int: _whole, float: _number}.get(kind) or _of_type(kind)


def _of_record(kind: type) -> Read:
    hints = get_type_hints(kind)
    readers = {field.name: _reader(hints[field.name]) for field in fields(kind)}

    def read(value: Any) -> Any:
        if not isinstance(value, dict):
            raise ValueError(f"{value!r:.40} is no {kind.__name__}")
        try:
            return kind(**{name: readers[name](value[name]) for name in readers if name in value})
        except TypeError as error:  # a field is missing
            raise ValueError(str(error)) from error

    return read


def _of_items(item: Read) -> Read:
    def read(value: Any) -> Any:
        if not isinstance(value, list):
            raise ValueError(f"{value!r:.40} is no list")
        return tuple(map(item, value))

    return read


def _of_optional(known: Read) -> Read:
    return lambda value: None if value is None else known(value)


def _of_type(kind: type) -> Read:
    def read(value: Any) -> Any:
        if type(value) is not kind:
            raise ValueError(f"{value!r:.40} is no {kind.__name__}")
        return value

    return read


def _whole(value: Any) -> int:
    if type(value) is not int or value not in NUMBERS:
        raise ValueError(f"{value!r:.40} is no whole number that can be")
    return value


def _number(value: Any) -> float:
    """JSON has NaN and infinity in Python alone; neither is an amount."""
    if type(value) not in (int, float) or not NUMBERS.start < value < NUMBERS.stop:
        raise ValueError(f"{value!r:.40} is no number that can be")
    return float(value)
