"""Metadata as programs report it: a raw value and the name of its kind."""

from __future__ import annotations

from treadle._assets.keys import AssetKey
from treadle._errors import CheckError
from treadle._events.metadata import MetadataValue, normalize_metadata_value
from treadle._events.table import (
    TableColumn,
    TableColumnConstraints,
    TableColumnDep,
    TableColumnLineage,
    TableRecord,
    TableSchema,
)
from treadle._typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

_PLAIN = ("text", "url", "path", "notebook", "json", "md", "float", "int", "bool", "dagster_run", "timestamp")


def from_external(metadata: Mapping[str, Any] | None) -> dict[str, MetadataValue]:
    """Each entry as the kind that it says."""
    return {k: _value(v["raw_value"], v["type"]) for k, v in (metadata or {}).items()}


def _value(raw: Any, kind: str) -> MetadataValue:
    if kind in ("__infer__", None):
        return normalize_metadata_value(raw)
    if kind in _PLAIN:
        made: MetadataValue = getattr(MetadataValue, kind)(raw)
        return made
    if kind == "null":
        return MetadataValue.null()
    if kind == "asset":
        return MetadataValue.asset(AssetKey.from_user_string(raw))
    if kind == "table":
        records = [TableRecord(r) for r in raw["records"]]
        return MetadataValue.table(records, _schema(raw["schema"]) if raw.get("schema") else None)
    if kind == "table_schema":
        return MetadataValue.table_schema(_schema(raw["columns"] if isinstance(raw, dict) else raw))
    if kind == "table_column_lineage":
        deps = raw["deps_by_column"]
        return MetadataValue.column_lineage(
            TableColumnLineage(
                {
                    column: [
                        TableColumnDep(AssetKey.from_user_string(d["asset_key"]), d["column_name"])
                        for d in of
                    ]
                    for column, of in deps.items()
                }
            )
        )
    raise CheckError(f"Metadata of the kind {kind!r} is not known.")


def _schema(columns: Sequence[Mapping[str, Any]]) -> TableSchema:
    return TableSchema(
        columns=[
            TableColumn(
                name=c["name"],
                type=c["type"],
                description=c.get("description"),
                tags=c.get("tags"),
                constraints=TableColumnConstraints(**c["constraints"]) if c.get("constraints") else None,
            )
            for c in columns
        ]
    )
