"""Metadata: named, typed facts attached to assets, outputs, checks and events. The kinds are Dagster's."""

from __future__ import annotations

import builtins
import os

from treadle._assets.keys import AssetKey
from treadle._errors import CheckError, DagsterInvalidMetadata, wrong_type
from treadle._events.record import Record
from treadle._events.table import (
    TableColumn,
    TableColumnDep,
    TableColumnLineage,
    TableRecord,
    TableSchema,
    schema_from_json,
    schema_to_json,
)
from treadle._typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime
    from typing import Any, TypeAlias

    RawMetadataValue: TypeAlias = (
        "MetadataValue | TableSchema | TableColumnLineage | AssetKey | os.PathLike[str] | dict[Any, Any]"
        " | builtins.float | builtins.int | list[Any] | str | datetime | None"
    )
    # What crosses into the core: the name of the kind, and a plain value (JSON text for structured kinds).
    CoreMetadata: TypeAlias = tuple[str, str | builtins.int | builtins.float | builtins.bool | None]


class MetadataValue(Record):
    """Base of all kinds, and where they are made: `MetadataValue.md("| a |")`."""

    __slots__ = ()

    @property
    def value(self) -> Any:
        return getattr(self, self._fields[0]) if self._fields else None

    def _to_core(self) -> CoreMetadata:
        raise NotImplementedError(type(self).__name__)

    @staticmethod
    def text(text: str) -> TextMetadataValue:
        return TextMetadataValue(text)

    @staticmethod
    def url(url: str) -> UrlMetadataValue:
        return UrlMetadataValue(url)

    @staticmethod
    def path(path: str | os.PathLike[str]) -> PathMetadataValue:
        return PathMetadataValue(path)

    @staticmethod
    def notebook(path: str | os.PathLike[str]) -> NotebookMetadataValue:
        return NotebookMetadataValue(path)

    @staticmethod
    def json(data: Sequence[Any] | Mapping[str, Any]) -> JsonMetadataValue:
        return JsonMetadataValue(data)

    @staticmethod
    def md(data: str) -> MarkdownMetadataValue:
        return MarkdownMetadataValue(data)

    @staticmethod
    def python_artifact(python_artifact: Callable[..., Any]) -> PythonArtifactMetadataValue:
        if not callable(python_artifact):
            raise CheckError(f"Param 'python_artifact' is not callable: {python_artifact!r}")
        return PythonArtifactMetadataValue(python_artifact.__module__, python_artifact.__name__)

    @staticmethod
    def float(value: builtins.float) -> FloatMetadataValue:
        return FloatMetadataValue(value)

    @staticmethod
    def int(value: builtins.int) -> IntMetadataValue:
        return IntMetadataValue(value)

    @staticmethod
    def bool(value: builtins.bool) -> BoolMetadataValue:
        return BoolMetadataValue(value)

    @staticmethod
    def timestamp(value: builtins.float | datetime) -> TimestampMetadataValue:
        """Seconds since the Unix epoch, or a datetime that knows its time zone."""
        if isinstance(value, (builtins.float, builtins.int)):
            return TimestampMetadataValue(builtins.float(value))
        if not hasattr(value, "tzinfo"):
            raise CheckError(f"Expected either a float or a datetime, but received a {type(value)}")
        if value.tzinfo is None:
            raise CheckError(
                "Datetime values provided to MetadataValue.timestamp must have timezones, "
                f"but {value.isoformat()} does not"
            )
        return TimestampMetadataValue(value.timestamp())

    @staticmethod
    def dagster_run(run_id: str) -> DagsterRunMetadataValue:
        return DagsterRunMetadataValue(run_id)

    @staticmethod
    def asset(asset_key: AssetKey) -> DagsterAssetMetadataValue:
        if not isinstance(asset_key, AssetKey):
            raise CheckError(f"Param 'asset_key' is not an AssetKey: {asset_key!r}")
        return DagsterAssetMetadataValue(asset_key)

    @staticmethod
    def job(
        job_name: str, location_name: str, *, repository_name: str | None = None
    ) -> DagsterJobMetadataValue:
        return DagsterJobMetadataValue(job_name, location_name, repository_name)

    @staticmethod
    def table(records: Sequence[TableRecord], schema: TableSchema | None = None) -> TableMetadataValue:
        return TableMetadataValue(records, schema)

    @staticmethod
    def table_schema(schema: TableSchema) -> TableSchemaMetadataValue:
        return TableSchemaMetadataValue(schema)

    @staticmethod
    def column_lineage(lineage: TableColumnLineage) -> TableColumnLineageMetadataValue:
        return TableColumnLineageMetadataValue(lineage)

    @staticmethod
    def null() -> NullMetadataValue:
        return NullMetadataValue()

    @staticmethod
    def code_location_reconstruction(data: str) -> CodeLocationReconstructionMetadataValue:
        return CodeLocationReconstructionMetadataValue(data)

    @staticmethod
    def pool(pool: str) -> PoolMetadataValue:
        return PoolMetadataValue(pool)


class TextMetadataValue(MetadataValue):
    __slots__ = _fields = ("text",)
    text: str | None  # type: ignore[assignment]

    def __init__(self, text: str | None) -> None:
        self.text = _text(text, "text")

    @property
    def value(self) -> str:
        return self.text if self.text is not None else ""

    def _to_core(self) -> CoreMetadata:
        return ("text", self.value)


class UrlMetadataValue(MetadataValue):
    __slots__ = _fields = ("url",)
    url: str | None  # type: ignore[assignment]

    def __init__(self, url: str | None) -> None:
        self.url = _text(url, "url")

    @property
    def value(self) -> str:
        return self.url if self.url is not None else ""

    def _to_core(self) -> CoreMetadata:
        return ("url", self.value)


class PathMetadataValue(MetadataValue):
    __slots__ = _fields = ("fspath",)
    fspath: str

    def __init__(self, path: str | os.PathLike[str] | None) -> None:
        self.fspath = os.fspath(path) if path is not None else ""

    @property
    def path(self) -> str:  # type: ignore[override]
        return self.fspath

    def _to_core(self) -> CoreMetadata:
        return ("path", self.fspath)


class NotebookMetadataValue(PathMetadataValue):
    __slots__ = ()

    def _to_core(self) -> CoreMetadata:
        return ("notebook", self.fspath)


class JsonMetadataValue(MetadataValue):
    __slots__ = _fields = ("data",)
    data: Sequence[Any] | Mapping[str, Any] | None

    def __init__(self, data: Sequence[Any] | Mapping[str, Any] | None) -> None:
        _dumps(data)
        self.data = data

    def _to_core(self) -> CoreMetadata:
        return ("json", _dumps(self.data))


class MarkdownMetadataValue(MetadataValue):
    __slots__ = _fields = ("md_str",)
    md_str: str | None

    def __init__(self, md_str: str | None) -> None:
        self.md_str = _text(md_str, "md_str")

    @property
    def value(self) -> str:
        return self.md_str if self.md_str is not None else ""

    def _to_core(self) -> CoreMetadata:
        return ("md", self.value)


class PythonArtifactMetadataValue(MetadataValue):
    __slots__ = _fields = ("module", "name")
    module: str
    name: str

    def __init__(self, module: str, name: str) -> None:
        self.module = module
        self.name = name

    @property
    def value(self) -> PythonArtifactMetadataValue:
        return self

    def _to_core(self) -> CoreMetadata:
        return ("python_artifact", _dumps({"module": self.module, "name": self.name}))


class FloatMetadataValue(MetadataValue):
    __slots__ = _fields = ("_value",)
    _value: builtins.float | None

    def __init__(self, value: builtins.float | None) -> None:
        if value is not None and not hasattr(value, "__float__"):
            raise wrong_type("value", "a float", value)
        self._value = builtins.float(value) if value is not None else None

    @property
    def value(self) -> builtins.float | None:
        return self._value

    def __repr__(self) -> str:
        return f"FloatMetadataValue(value={self._value!r})"

    def _to_core(self) -> CoreMetadata:
        return ("float", self._value)


class IntMetadataValue(MetadataValue):
    __slots__ = _fields = ("_value",)
    _value: builtins.int | None

    def __init__(self, value: builtins.int | None) -> None:
        if value is not None and not isinstance(value, builtins.int):
            raise wrong_type("value", "a int", value)
        self._value = value

    @property
    def value(self) -> builtins.int | None:
        return self._value

    def __repr__(self) -> str:
        return f"IntMetadataValue(value={self._value!r})"

    def _to_core(self) -> CoreMetadata:
        if self._value is not None and not -(2**63) <= self._value < 2**63:
            return ("text", str(self._value))  # the record keeps 64 bits; more is kept to the digit as text
        return ("int", self._value)


class BoolMetadataValue(MetadataValue):
    __slots__ = _fields = ("_value",)
    _value: builtins.bool | None

    def __init__(self, value: builtins.bool | None) -> None:
        self._value = value

    @property
    def value(self) -> builtins.bool | None:
        return self._value

    def __repr__(self) -> str:
        return f"BoolMetadataValue(value={self._value!r})"

    def _to_core(self) -> CoreMetadata:
        return ("bool", self._value)


class TimestampMetadataValue(MetadataValue):
    __slots__ = _fields = ("_value",)
    _value: builtins.float

    def __init__(self, value: builtins.float) -> None:
        self._value = value

    @property
    def value(self) -> builtins.float:
        return self._value

    def __repr__(self) -> str:
        return f"TimestampMetadataValue(value={self._value!r})"

    def _to_core(self) -> CoreMetadata:
        return ("timestamp", builtins.float(self._value))


class DagsterRunMetadataValue(MetadataValue):
    __slots__ = _fields = ("run_id",)
    run_id: str

    def __init__(self, run_id: str) -> None:
        self.run_id = run_id

    def _to_core(self) -> CoreMetadata:
        return ("dagster_run", self.run_id)


class DagsterJobMetadataValue(MetadataValue):
    __slots__ = _fields = ("job_name", "location_name", "repository_name")
    job_name: str
    location_name: str
    repository_name: str | None

    def __init__(self, job_name: str, location_name: str, repository_name: str | None = None) -> None:
        self.job_name = job_name
        self.location_name = location_name
        self.repository_name = repository_name

    @property
    def value(self) -> DagsterJobMetadataValue:
        return self

    def _to_core(self) -> CoreMetadata:
        return ("job", _dumps({f: getattr(self, f) for f in self._fields}))


class DagsterAssetMetadataValue(MetadataValue):
    __slots__ = _fields = ("asset_key",)
    asset_key: AssetKey

    def __init__(self, asset_key: AssetKey) -> None:
        self.asset_key = asset_key

    def _to_core(self) -> CoreMetadata:
        return ("asset", self.asset_key.to_user_string())


class TableMetadataValue(MetadataValue):
    __slots__ = _fields = ("records", "schema")
    records: Sequence[TableRecord]
    schema: TableSchema

    def __init__(self, records: Sequence[TableRecord], schema: TableSchema | None = None) -> None:
        for record in records:
            if not isinstance(record, TableRecord):
                raise CheckError(
                    f"Param 'records' of TableMetadataValue holds {type(record)}, not a TableRecord"
                )
        if schema is None:
            if not records:
                raise CheckError("schema must be provided if records is empty")
            names = set(records[0].data)
            for record in records[1:]:
                if set(record.data) != names:
                    raise CheckError("All records must have the same fields")
            schema = TableSchema([TableColumn(n, _column_type(v)) for n, v in records[0].data.items()])
        self.records = list(records)
        self.schema = schema

    @property
    def value(self) -> TableMetadataValue:
        return self

    def _to_core(self) -> CoreMetadata:
        return (
            "table",
            _dumps({"records": [dict(r.data) for r in self.records], "schema": schema_to_json(self.schema)}),
        )


class TableSchemaMetadataValue(MetadataValue):
    __slots__ = _fields = ("schema",)
    schema: TableSchema

    def __init__(self, schema: TableSchema) -> None:
        self.schema = schema

    def _to_core(self) -> CoreMetadata:
        return ("table_schema", _dumps(schema_to_json(self.schema)))


class TableColumnLineageMetadataValue(MetadataValue):
    __slots__ = _fields = ("lineage",)
    lineage: TableColumnLineage

    def __init__(self, column_lineage: TableColumnLineage) -> None:
        self.lineage = column_lineage

    @property
    def column_lineage(self) -> TableColumnLineage:  # type: ignore[override]
        return self.lineage

    def _to_core(self) -> CoreMetadata:
        deps = {
            column: [{"asset_key": d.asset_key.path, "column_name": d.column_name} for d in sources]
            for column, sources in self.lineage.deps_by_column.items()
        }
        return ("table_column_lineage", _dumps({"deps_by_column": deps}))


class NullMetadataValue(MetadataValue):
    __slots__ = ()

    def _to_core(self) -> CoreMetadata:
        return ("null", None)


class CodeLocationReconstructionMetadataValue(MetadataValue):
    __slots__ = _fields = ("data",)
    data: str

    def __init__(self, data: str) -> None:
        self.data = data

    def _to_core(self) -> CoreMetadata:
        return ("code_location_reconstruction", _dumps(self.data))


class PoolMetadataValue(MetadataValue):
    __slots__ = _fields = ("name",)
    name: str

    def __init__(self, pool: str) -> None:
        self.name = pool

    @property
    def pool(self) -> str:  # type: ignore[override]
        return self.name

    def _to_core(self) -> CoreMetadata:
        return ("pool", _dumps(self.name))


def _text(text: str | None, what: str) -> str | None:
    if text is not None and not isinstance(text, str):
        raise wrong_type(what, "a str", text)
    return text


def _dumps(data: object) -> str:
    import json

    try:
        return json.dumps(data)
    except (TypeError, ValueError) as e:
        raise DagsterInvalidMetadata("Value is not JSON serializable.") from e


def _column_type(value: object) -> str:
    if isinstance(value, builtins.bool):
        return "bool"
    if isinstance(value, builtins.int):
        return "int"
    return "float" if isinstance(value, builtins.float) else "string"


def normalize_metadata_value(raw: RawMetadataValue) -> MetadataValue:
    """The kind that fits a bare value."""
    if isinstance(raw, MetadataValue):
        return raw
    if isinstance(raw, str):
        return TextMetadataValue(raw)
    if isinstance(raw, builtins.float):
        return FloatMetadataValue(raw)
    if isinstance(raw, builtins.bool):
        return BoolMetadataValue(raw)
    if isinstance(raw, builtins.int):
        return IntMetadataValue(raw)
    if isinstance(raw, (list, dict)):
        return JsonMetadataValue(raw)
    if isinstance(raw, os.PathLike):
        return PathMetadataValue(raw)
    if isinstance(raw, AssetKey):
        return DagsterAssetMetadataValue(raw)
    if isinstance(raw, TableSchema):
        return TableSchemaMetadataValue(raw)
    if isinstance(raw, TableColumnLineage):
        return TableColumnLineageMetadataValue(raw)
    if raw is None:
        return NullMetadataValue()
    raise DagsterInvalidMetadata(
        f"Its type was {type(raw)}. Consider wrapping the value with the appropriate MetadataValue type."
    )


def normalize_metadata(metadata: Mapping[str, RawMetadataValue] | None) -> dict[str, MetadataValue]:
    """Every value as a MetadataValue; the error names the entry that cannot be one."""
    normalized: dict[str, MetadataValue] = {}
    for name, raw in (metadata or {}).items():
        if not isinstance(name, str):
            raise CheckError(f"Metadata names must be strings, not {name!r}")
        try:
            normalized[name] = normalize_metadata_value(raw)
        except DagsterInvalidMetadata as e:
            raise DagsterInvalidMetadata(
                f'Could not resolve the metadata value for "{name}" to a known type. {e}'
            ) from None
    return normalized


def metadata_to_core(metadata: Mapping[str, RawMetadataValue] | None) -> list[tuple[str, str, object]]:
    """For the core: (name, kind, plain value)."""
    if not metadata:
        return []
    return [(name, *value._to_core()) for name, value in normalize_metadata(metadata).items()]


def metadata_from_json(entries: Mapping[str, Mapping[str, Any]]) -> dict[str, MetadataValue]:
    """From the record's JSON: {"accuracy": {"type": "float", "raw_value": 0.96}}."""
    return {name: _from_json(e.get("type", "null"), e.get("raw_value")) for name, e in entries.items()}


def _from_json(kind: str, raw: Any) -> MetadataValue:
    plain = _PLAIN.get(kind)
    if plain is not None:
        return plain(raw)
    if kind == "asset":
        return DagsterAssetMetadataValue(
            AssetKey(raw) if isinstance(raw, list) else AssetKey.from_user_string(raw)
        )
    if kind == "null":
        return NullMetadataValue()
    data = _structure(raw)
    if kind == "job":
        return DagsterJobMetadataValue(data["job_name"], data["location_name"], data.get("repository_name"))
    if kind == "table":
        return TableMetadataValue([TableRecord(r) for r in data["records"]], schema_from_json(data["schema"]))
    if kind == "table_schema":
        return TableSchemaMetadataValue(schema_from_json(data))
    if kind == "table_column_lineage":
        return TableColumnLineageMetadataValue(
            TableColumnLineage(
                {
                    c: [TableColumnDep(d["asset_key"], d["column_name"]) for d in deps]
                    for c, deps in data["deps_by_column"].items()
                }
            )
        )
    if kind == "python_artifact":
        return PythonArtifactMetadataValue(data["module"], data["name"])
    if kind == "pool":
        return PoolMetadataValue(data)
    if kind == "code_location_reconstruction":
        return CodeLocationReconstructionMetadataValue(data)
    return JsonMetadataValue(data)


def _structure(raw: Any) -> Any:
    if not isinstance(raw, str):
        return raw
    import json

    try:
        return json.loads(raw)
    except ValueError:
        return raw


_PLAIN: dict[str, Callable[[Any], MetadataValue]] = {
    "text": TextMetadataValue,
    "url": UrlMetadataValue,
    "path": PathMetadataValue,
    "notebook": NotebookMetadataValue,
    "md": MarkdownMetadataValue,
    "int": IntMetadataValue,
    "float": FloatMetadataValue,
    "bool": BoolMetadataValue,
    "timestamp": TimestampMetadataValue,
    "dagster_run": DagsterRunMetadataValue,
    "json": lambda raw: JsonMetadataValue(_structure(raw)),
}
