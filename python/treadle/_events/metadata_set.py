"""Metadata whose names share a namespace, as a class: `{**TableMetadataSet(row_count=3)}` is
`{"dagster/row_count": 3}`. Importing this module imports pydantic.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Union, get_args, get_origin

from pydantic import BaseModel, ConfigDict, ValidationError

from treadle._errors import CheckError
from treadle._events.metadata import MetadataValue
from treadle._events.table import TableColumnLineage, TableSchema

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from typing_extensions import Self

_WRAPPED = (str, float, int, bool, TableSchema, TableColumnLineage, type(None))


def _alternatives(annotation: Any) -> set[Any]:
    """The types of a union, whichever way it is written."""
    from types import UnionType

    if get_origin(annotation) in (Union, UnionType):
        return {one for part in get_args(annotation) for one in _alternatives(part)}
    return {annotation}


class NamespacedKVSet(BaseModel):
    """Values under `namespace/name`; only those that are not None are keys of it."""

    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)

    @classmethod
    def namespace(cls) -> str:
        raise NotImplementedError

    @classmethod
    def _namespaced_key(cls, key: str) -> str:
        return f"{cls.namespace()}/{key}"

    def keys(self) -> Iterable[str]:
        return [
            self._namespaced_key(key) for key in type(self).model_fields if getattr(self, key) is not None
        ]

    def __getitem__(self, key: str) -> Any:
        return getattr(self, key.split("/", 1)[1])

    @classmethod
    def extract(cls, values: Mapping[str, Any]) -> Self:
        """Of all these, the values that have a name here."""
        found: dict[str, Any] = {}
        renamed = cls.current_key_by_legacy_key()
        for full, value in values.items():
            namespace, slash, key = full.partition("/")
            if not slash or namespace != cls.namespace():
                continue
            current = renamed.get(key, key)
            if current in cls.model_fields and (current == key or cls._namespaced_key(current) not in values):
                found[current] = cls._extract_value(current, value)
        return cls(**found)

    @classmethod
    def _extract_value(cls, field_name: str, value: Any) -> Any:
        return value

    @classmethod
    def current_key_by_legacy_key(cls) -> Mapping[str, str]:
        """Names that have changed: the old one, and what it is now."""
        return {}


class NamespacedMetadataSet(NamespacedKVSet):
    """Base for a set of metadata of your own: give it a `namespace()` and fields."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        for name, field in type(self).model_fields.items():
            wrong = {t for t in _alternatives(field.annotation) if not _is_metadata_type(t)}
            if wrong:
                text = f"Type annotation for field '{name}' includes invalid metadata type(s): {wrong}"
                raise CheckError(f"Failure condition: {text}")
        super().__init__(*args, **kwargs)

    @classmethod
    def _extract_value(cls, field_name: str, value: Any) -> Any:
        if isinstance(value, MetadataValue):
            accepted = _alternatives(cls.model_fields[field_name].annotation)
            if type(value) not in accepted and type(value.value) in accepted:
                return value.value
        return value


def _is_metadata_type(candidate: Any) -> bool:
    return candidate in _WRAPPED or (isinstance(candidate, type) and issubclass(candidate, MetadataValue))


class NamespacedTagSet(NamespacedKVSet):
    """The same for tags, whose values are texts."""


@dataclass(frozen=True, kw_only=True)
class StorageAddress:
    """A table, by the system that keeps it and its name in small letters."""

    storage_kind: str | None
    table_name: str


class TableMetadataSet(NamespacedMetadataSet):
    """What is known of an asset that is a table."""

    column_schema: TableSchema | None = None
    column_lineage: TableColumnLineage | None = None
    row_count: int | None = None
    partition_row_count: int | None = None
    table_name: str | None = None
    storage_kind: str | None = None

    @classmethod
    def namespace(cls) -> str:
        return "dagster"

    @classmethod
    def current_key_by_legacy_key(cls) -> Mapping[str, str]:
        return {"relation_identifier": "table_name"}

    @classmethod
    def extract_normalized_table_name(cls, metadata: Mapping[str, Any]) -> str | None:
        names = {
            k: v for k, v in metadata.items() if k in ("dagster/table_name", "dagster/relation_identifier")
        }
        try:
            name = cls.extract(names).table_name
        except ValidationError:
            return None
        return name.lower() if name else None

    @classmethod
    def extract_storage_address(cls, metadata: Mapping[str, Any]) -> StorageAddress | None:
        name = cls.extract_normalized_table_name(metadata)
        if name is None:
            return None
        kinds = {k: v for k, v in metadata.items() if k == "dagster/storage_kind"}
        try:
            kind = cls.extract(kinds).storage_kind
        except ValidationError:
            kind = None
        return StorageAddress(storage_kind=kind, table_name=name)


class UriMetadataSet(NamespacedMetadataSet):
    """Where an asset is."""

    uri: str | None = None

    @classmethod
    def namespace(cls) -> str:
        return "dagster"
