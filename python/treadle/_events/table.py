"""Tables in metadata: records, their schema, and which columns a column comes from."""

from __future__ import annotations

from treadle._assets.keys import AssetKey
from treadle._errors import CheckError
from treadle._events.record import Record
from treadle._typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from treadle._typing import CoercibleToAssetKey


class TableRecord(Record):
    """One row: names to text, numbers, booleans or None."""

    __slots__ = _fields = ("data",)
    data: Mapping[str, str | int | float | bool | None]

    def __init__(self, data: Mapping[str, str | int | float | bool | None]) -> None:
        if not isinstance(data, dict):
            raise CheckError(f"Record fields must be given as a mapping, not as {type(data)}")
        for name, value in data.items():
            if value is not None and not isinstance(value, (str, int, float, bool)):
                raise CheckError(
                    f"Record fields must be one of types: (str, float, int, bool); {name!r} is {type(value)}"
                )
        self.data = data


class TableConstraints(Record):
    """Constraints on a whole table, in words."""

    __slots__ = _fields = ("other",)
    other: Sequence[str]

    def __init__(self, other: Sequence[str]) -> None:
        self.other = list(other)


class TableColumnConstraints(Record):
    """Constraints on one column; `other` in words."""

    __slots__ = _fields = ("nullable", "unique", "other")
    nullable: bool
    unique: bool
    other: Sequence[str]

    def __init__(
        self, nullable: bool = True, unique: bool = False, other: Sequence[str] | None = None
    ) -> None:
        self.nullable = nullable
        self.unique = unique
        self.other = list(other or ())


class TableColumn(Record):
    __slots__ = _fields = ("name", "type", "description", "constraints", "tags")
    name: str
    type: str
    description: str | None
    constraints: TableColumnConstraints
    tags: Mapping[str, str]

    def __init__(
        self,
        name: str,
        type: str = "string",
        description: str | None = None,
        constraints: TableColumnConstraints | None = None,
        tags: Mapping[str, str] | None = None,
    ) -> None:
        self.name = name
        self.type = type
        self.description = description
        self.constraints = constraints if constraints is not None else TableColumnConstraints()
        self.tags = dict(tags or {})


class TableSchema(Record):
    __slots__ = _fields = ("columns", "constraints")
    columns: Sequence[TableColumn]
    constraints: TableConstraints

    def __init__(self, columns: Sequence[TableColumn], constraints: TableConstraints | None = None) -> None:
        for column in columns:
            if not isinstance(column, TableColumn):
                raise CheckError(f"TableSchema columns must be TableColumn objects, not {type(column)}")
        self.columns = list(columns)
        self.constraints = constraints if constraints is not None else TableConstraints([])

    @staticmethod
    def from_name_type_dict(name_type_dict: Mapping[str, str]) -> TableSchema:
        return TableSchema([TableColumn(name, type) for name, type in name_type_dict.items()])


class TableColumnDep(Record):
    __slots__ = _fields = ("asset_key", "column_name")
    asset_key: AssetKey
    column_name: str

    def __init__(self, asset_key: CoercibleToAssetKey, column_name: str) -> None:
        self.asset_key = AssetKey.from_coercible(asset_key)
        self.column_name = column_name


class TableColumnLineage(Record):
    """For each column, the columns of other assets that it is computed from."""

    __slots__ = _fields = ("deps_by_column",)
    deps_by_column: Mapping[str, Sequence[TableColumnDep]]

    def __init__(self, deps_by_column: Mapping[str, Sequence[TableColumnDep]]) -> None:
        for column, deps in deps_by_column.items():
            if len({(d.asset_key, d.column_name) for d in deps}) != len(deps):
                raise CheckError(
                    f"The deps for column `{column}` must be unique by asset key and column name."
                )
        self.deps_by_column = {
            column: sorted(deps, key=lambda d: (d.asset_key.parts, d.column_name))
            for column, deps in deps_by_column.items()
        }


def schema_to_json(schema: TableSchema) -> dict[str, Any]:
    return {
        "columns": [
            {
                "name": c.name,
                "type": c.type,
                "description": c.description,
                "constraints": {
                    "nullable": c.constraints.nullable,
                    "unique": c.constraints.unique,
                    "other": list(c.constraints.other),
                },
                "tags": dict(c.tags),
            }
            for c in schema.columns
        ],
        "constraints": {"other": list(schema.constraints.other)},
    }


def schema_from_json(data: Mapping[str, Any]) -> TableSchema:
    columns = []
    for c in data.get("columns", ()):
        k = c.get("constraints") or {}
        constraints = TableColumnConstraints(k.get("nullable", True), k.get("unique", False), k.get("other"))
        columns.append(
            TableColumn(c["name"], c.get("type", "string"), c.get("description"), constraints, c.get("tags"))
        )
    return TableSchema(columns, TableConstraints((data.get("constraints") or {}).get("other", ())))
