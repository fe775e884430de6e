"""Partition keys of several dimensions, and ranges of keys."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from treadle._errors import CheckError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

DELIMITER = "|"


class PartitionKeyRange(NamedTuple):
    """From one key to another; both belong to it."""

    start: str
    end: str


class PaginatedResults(NamedTuple):
    """A page of keys; `cursor` asks for the next one."""

    results: Sequence[str]
    cursor: str
    has_more: bool


class PartitionDimensionKey(NamedTuple):
    dimension_name: str
    partition_key: str


class MultiPartitionKey(str):
    """A key of several dimensions: "2026-01-01|eu", in order of the dimensions' names.

    MultiPartitionKey({"region": "eu", "date": "2026-01-01"}) == "2026-01-01|eu"
    """

    dimension_keys: list[PartitionDimensionKey]

    def __new__(cls, keys_by_dimension: Mapping[str, str]) -> MultiPartitionKey:
        for name, key in keys_by_dimension.items():
            if not isinstance(name, str) or not isinstance(key, str):
                raise CheckError(
                    "A MultiPartitionKey is made from names of dimensions and keys, not from"
                    f" {name!r}: {key!r}."
                )
        dimensions = [PartitionDimensionKey(n, k) for n, k in sorted(keys_by_dimension.items())]
        made = super().__new__(cls, DELIMITER.join(d.partition_key for d in dimensions))
        made.dimension_keys = dimensions
        return made

    def __getnewargs__(self) -> tuple[dict[str, str]]:  # type: ignore[override]
        return ({d.dimension_name: d.partition_key for d in self.dimension_keys},)

    @property
    def keys_by_dimension(self) -> Mapping[str, str]:
        return {d.dimension_name: d.partition_key for d in self.dimension_keys}
