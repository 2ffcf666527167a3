"""Recordings, made as the tests of `root` make them."""

from root.conftest import module_record

__all__ = ["module_record"]
