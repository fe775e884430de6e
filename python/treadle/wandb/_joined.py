"""Tables made of other tables of the same artifact: JoinedTable, PartitionedTable; and Classes."""

from __future__ import annotations

from treadle._typing import TYPE_CHECKING
from treadle.wandb._values import Table, WBValue

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from treadle.wandb._artifact import Artifact
    from treadle.wandb._values import AddMedia, ReadMedia


class PartitionedTable(WBValue):
    """All tables below a folder of the artifact, one after the other."""

    _log_type = "partitioned-table"

    def __init__(self, parts_path: str) -> None:
        self.parts_path = parts_path
        self._artifact: Artifact | None = None

    def __eq__(self, other: object) -> bool:
        return isinstance(other, PartitionedTable) and other.parts_path == self.parts_path

    __hash__ = object.__hash__

    def iterrows(self) -> Iterator[tuple[int, list[Any]]]:
        """(index, row) over all parts, in order of their paths. A part at a time is in memory."""
        if self._artifact is None:
            return
        columns, index = None, 0
        for entry in self._artifact.files():
            if not entry.path.startswith(self.parts_path.rstrip("/") + "/"):
                continue
            part = self._artifact.get(entry.path)
            columns = columns or part.columns
            if part.columns != columns:
                raise ValueError(f"Table parts have non-matching columns. {columns} != {part.columns}")
            for _, row in part.iterrows():
                yield index, row
                index += 1

    def _to_json(self, add: AddMedia) -> dict[str, Any]:
        return {"_type": self._log_type, "parts_path": self.parts_path}

    @classmethod
    def _from_json(cls, document: dict[str, Any], read: ReadMedia) -> PartitionedTable:
        return cls(document["parts_path"])

    def _opened_in(self, artifact: Artifact) -> None:
        self._artifact = artifact


class JoinedTable(WBValue):
    """Two tables (or paths of tables in the same artifact) side by side where a key is the same."""

    _log_type = "joined-table"

    def __init__(self, table1: Any, table2: Any, join_key: str | list[str]) -> None:
        if not isinstance(join_key, str) and (not isinstance(join_key, list) or len(join_key) != 2):
            raise ValueError("JoinedTable join_key should be a string or a list of two strings")
        for name, table in (("table1", table1), ("table2", table2)):
            path = isinstance(table, str) and table.endswith(".table.json")
            if not path and not isinstance(table, (Table, PartitionedTable)):
                raise ValueError(
                    f"JoinedTable {name} should be an artifact path to a table or wandb.Table object"
                )
        self._table1 = table1
        self._table2 = table2
        self._join_key = join_key

    def __eq__(self, other: object) -> bool:
        return isinstance(other, JoinedTable) and (
            (other._table1, other._table2, other._join_key) == (self._table1, self._table2, self._join_key)
        )

    __hash__ = object.__hash__

    def _to_json(self, add: AddMedia) -> dict[str, Any]:
        return {
            "_type": self._log_type,
            "join_key": self._join_key,
            "table1": _kept(self._table1, 1, add),
            "table2": _kept(self._table2, 2, add),
        }

    @classmethod
    def _from_json(cls, document: dict[str, Any], read: ReadMedia) -> JoinedTable:
        made = cls.__new__(cls)
        made._join_key = document["join_key"]
        made._table1, made._table2 = document["table1"], document["table2"]
        return made

    def _opened_in(self, artifact: Artifact) -> None:
        if isinstance(self._table1, str):
            self._table1 = artifact.get(self._table1) or self._table1
        if isinstance(self._table2, str):
            self._table2 = artifact.get(self._table2) or self._table2


def _kept(table: Any, number: int, add: AddMedia) -> str:
    """The path of the table in the artifact, where it is put unless it is there."""
    if isinstance(table, str):
        return table
    import hashlib

    document = table._to_document(add)
    unique = hashlib.md5(document, usedforsecurity=False).hexdigest()[:20]
    path = f"t{number}_{unique}.{table._log_type}.json"
    add(path, document)
    return path


class Classes(WBValue):
    """What the numbers of classes mean: [{"id": 1, "name": "cat"}, ...]."""

    _log_type = "classes"

    def __init__(self, class_set: Any) -> None:
        self._class_set: list[dict[str, Any]] = [dict(c) for c in class_set]
        for known in self._class_set:
            if "id" not in known or "name" not in known:
                raise ValueError(f"Each class needs an 'id' and a 'name': {known!r} lacks one.")

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Classes) and other._class_set == self._class_set

    __hash__ = object.__hash__

    def _to_json(self, add: AddMedia) -> dict[str, Any]:
        return {"_type": self._log_type, "class_set": self._class_set}

    def _kept_for_image(self, add: AddMedia) -> dict[str, str]:
        """The file that an image of an artifact refers to."""
        import base64
        import hashlib

        name = hashlib.md5(str(self._class_set).encode(), usedforsecurity=False).hexdigest()
        path = f"media/classes/{name}_cls.classes.json"
        document = self._to_document(add)
        add(path, document)
        digest = base64.b64encode(hashlib.md5(document, usedforsecurity=False).digest()).decode()
        return {"type": "classes-file", "path": path, "digest": digest}

    @classmethod
    def _from_json(cls, document: dict[str, Any], read: ReadMedia) -> Classes:
        return cls(document["class_set"])
