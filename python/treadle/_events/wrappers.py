"""Treadle's own value wrappers: how a value is to be kept, when its type alone does not say."""

from __future__ import annotations

import os

from treadle._events.record import Record
from treadle._typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Any


class File(Record):
    """A file on disk as a value: kept as it is under its own name, read back as a File on local disk (read-
    only).
    """

    __slots__ = _fields = ("path",)
    path: str

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = os.fspath(path)

    def __fspath__(self) -> str:
        return self.path

    def __str__(self) -> str:
        return self.path


class Folder(File):
    """All files below a folder as a value, read back as a Folder on local disk (read-only)."""

    __slots__ = ()


class Json(Record):
    """A value of dicts, lists, text, numbers, booleans and None, kept as JSON, so that C++ can read it; read
    back as the plain value.
    """

    __slots__ = _fields = ("value",)
    value: Any

    def __init__(self, value: Any) -> None:
        self.value = value
