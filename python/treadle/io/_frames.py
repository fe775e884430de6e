"""Frames of Pandas, Polars and Arrow, told apart without importing what is not there."""

from __future__ import annotations

import sys
from typing import Any

from treadle._errors import DagsterInvariantViolationError
from treadle._events.metadata import MetadataValue
from treadle._events.table import TableColumn, TableRecord, TableSchema

_PREVIEW_ROWS = 5


def kind_of(value: object) -> str | None:
    """ "pandas", "polars", "arrow", or None for what is no frame."""
    pandas, polars, arrow = (sys.modules.get(name) for name in ("pandas", "polars", "pyarrow"))
    if pandas is not None and isinstance(value, pandas.DataFrame):
        return "pandas"
    if polars is not None and isinstance(value, (polars.DataFrame, polars.LazyFrame)):
        return "polars"
    if arrow is not None and isinstance(value, arrow.Table):
        return "arrow"
    return None


def to_arrow(value: Any, where: str) -> Any:
    """Any frame as an Arrow table, without its index."""
    kind = kind_of(value)
    if kind == "arrow":
        return value
    if kind == "pandas":
        import pyarrow

        return pyarrow.Table.from_pandas(value, preserve_index=False).replace_schema_metadata(None)
    if kind == "polars":
        frame: Any = value.collect() if hasattr(value, "collect") else value
        return frame.to_arrow()
    raise DagsterInvariantViolationError(
        f"{where} keeps frames of Pandas, Polars or Arrow, and was given a {type(value).__module__}."
        f"{type(value).__qualname__}. Return a frame, or use another IO manager for this asset."
    )


def from_arrow(table: Any, wanted: str) -> Any:
    if wanted == "polars":
        import polars

        return polars.from_arrow(table)
    return table if wanted == "arrow" else table.to_pandas()


def wanted_by(context: Any, default: str) -> str:
    """The kind of frame that the input is annotated with; the manager's own when it says nothing."""
    annotation = getattr(getattr(context, "dagster_type", None), "typing_type", None)
    module = getattr(annotation, "__module__", "") or ""
    for name, kind in (("pandas", "pandas"), ("polars", "polars"), ("pyarrow", "arrow")):
        if module.split(".")[0] == name:
            return kind
    return default


def facts_of(table: Any) -> dict[str, Any]:
    """What is recorded of an Arrow table: rows, schema, the first rows."""
    schema = TableSchema([TableColumn(f.name, str(f.type)) for f in table.schema])
    first = table.slice(0, _PREVIEW_ROWS).to_pylist()
    records = [TableRecord({k: _cell(v) for k, v in row.items()}) for row in first]
    return {
        "dagster/row_count": table.num_rows,
        "dagster/column_schema": MetadataValue.table_schema(schema),
        "preview": MetadataValue.table(records, schema),
    }


def _cell(value: Any) -> Any:
    return value if isinstance(value, (str, int, float, bool, type(None))) else str(value)
