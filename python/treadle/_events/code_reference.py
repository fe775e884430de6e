"""Where code is: a file and line on disk, or a URL."""

from __future__ import annotations

from treadle._events.metadata import MetadataValue
from treadle._events.record import Record
from treadle._typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


class LocalFileCodeReference(Record):
    """A file, and a line in it."""

    __slots__ = _fields = ("file_path", "line_number", "label")

    def __init__(self, file_path: str, line_number: int | None = None, label: str | None = None) -> None:
        self.file_path = file_path
        self.line_number = line_number
        self.label = label

    @property
    def source(self) -> str:
        return f"{self.file_path}:{self.line_number}" if self.line_number else self.file_path


class UrlCodeReference(Record):
    """A page that shows the code."""

    __slots__ = _fields = ("url", "label")

    def __init__(self, url: str, label: str | None = None) -> None:
        self.url = url
        self.label = label

    @property
    def source(self) -> str:
        return self.url


class CodeReferencesMetadataValue(MetadataValue):
    """All places of the code of an asset; the value of `dagster/code_references`."""

    __slots__ = _fields = ("code_references",)
    code_references: list[LocalFileCodeReference | UrlCodeReference]

    def __init__(self, code_references: Sequence[LocalFileCodeReference | UrlCodeReference]) -> None:
        self.code_references = list(code_references)

    @property
    def value(self) -> CodeReferencesMetadataValue:
        return self

    def _to_core(self) -> tuple[str, str]:
        import json

        told = [{f: getattr(r, f) for f in r._fields} for r in self.code_references]
        return ("json", json.dumps({"code_references": told}))
