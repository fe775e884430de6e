"""What is recorded of a frame of Pandas, Polars or Arrow that an asset is annotated with: its schema, how
many rows it has, and the first of them. None of the packages is imported here.
"""

from __future__ import annotations

from treadle._typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Any

_PACKAGES = frozenset(("pandas", "polars", "pyarrow"))
_PREVIEW_ROWS = 5
_TEXT_MOST = 200  # of one cell


def is_frame_type(annotation: object) -> bool:
    """Whether it is the class of frames of one of the three packages, or a class derived from one."""
    for base in getattr(annotation, "__mro__", ()):
        package = base.__module__.partition(".")[0]
        if package in _PACKAGES and base.__name__ in ("DataFrame", "LazyFrame", "Table"):
            return True
    return False


def facts_of_frame(frame: Any) -> dict[str, Any]:
    """Metadata: `dagster/column_schema`, `dagster/row_count` and `preview`. A lazy frame is not computed for
    it: only its schema is told.
    """
    from treadle._events.metadata import MetadataValue
    from treadle._events.table import TableColumn, TableRecord, TableSchema

    if not is_frame_type(type(frame)):  # a mock that passes for one
        return {}
    columns, rows, first = _read(frame)
    schema = TableSchema([TableColumn(name, kind) for name, kind in columns])
    facts: dict[str, Any] = {"dagster/column_schema": schema}
    if rows is not None:
        facts["dagster/row_count"] = rows
        records = [TableRecord({name: _cell(row.get(name)) for name, _ in columns}) for row in first]
        facts["preview"] = MetadataValue.table(records, schema)
    return facts


def _read(frame: Any) -> tuple[list[tuple[str, str]], int | None, list[dict[str, Any]]]:
    """Columns with their types, the number of rows, and the first rows."""
    if hasattr(type(frame), "iloc"):  # Pandas, whose columns may have any names
        kinds = [(str(name), str(kind)) for name, kind in zip(frame.columns, frame.dtypes)]
        values = frame.iloc[:_PREVIEW_ROWS].to_numpy(dtype=object).tolist()
        return kinds, len(frame), [dict(zip([n for n, _ in kinds], row)) for row in values]
    if hasattr(frame, "collect_schema") and hasattr(frame, "collect"):  # Polars, lazy
        return [(name, str(kind)) for name, kind in frame.collect_schema().items()], None, []
    if hasattr(frame, "to_dicts"):  # Polars
        kinds = [(name, str(kind)) for name, kind in frame.schema.items()]
        return kinds, frame.height, frame.head(_PREVIEW_ROWS).to_dicts()
    kinds = [(field.name, str(field.type)) for field in frame.schema]  # Arrow
    return kinds, frame.num_rows, frame.slice(0, _PREVIEW_ROWS).to_pylist()


def _cell(value: Any) -> Any:
    """As JSON has it: what is no text or number is told as text, what is not there as None."""
    if hasattr(value, "item") and getattr(value, "ndim", 1) == 0:  # a number of NumPy
        value = value.item()
    if value is None or str(value) in ("nan", "NaT", "<NA>"):
        return None
    if isinstance(value, (int, float, bool)):
        return value
    text = str(value)
    return text if len(text) <= _TEXT_MOST else text[:_TEXT_MOST] + "..."
