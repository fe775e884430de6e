"""Partitions of several dimensions: MultiPartitionsDefinition."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from treadle import _core
from treadle._errors import (
    CheckError,
    DagsterInvalidDefinitionError,
    DagsterInvalidInvocationError,
    DagsterUnknownPartitionError,
)
from treadle._partitions.definitions import (
    DynamicPartitionsDefinition,
    PartitionsDefinition,
    keys_of_store,
)
from treadle._partitions.keys import DELIMITER, MultiPartitionKey
from treadle._partitions.time import TimeWindow, partition_loading_context
from treadle._partitions.time_windows import TimeWindowPartitionsDefinition

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


class PartitionDimensionDefinition(NamedTuple):
    name: str
    partitions_def: PartitionsDefinition


class MultiPartitionsDefinition(PartitionsDefinition):
    """Every combination of the keys of its dimensions, which are sorted by name:

    MultiPartitionsDefinition({"date": DailyPartitionsDefinition("2026-01-01"), "region": regions})
    """

    def __init__(self, partitions_defs: Mapping[str, PartitionsDefinition]) -> None:
        if len(partitions_defs) < 2:
            raise DagsterInvalidInvocationError(
                "A multi-partitions definition needs at least 2 partitions definitions. Your"
                f" multi-partitions definition has {len(partitions_defs)} partitions definitions."
            )
        for name, of in partitions_defs.items():
            if not isinstance(of, PartitionsDefinition):
                raise CheckError(f"Dimension {name!r} must be a PartitionsDefinition, not {of!r}.")
            if isinstance(of, MultiPartitionsDefinition):
                raise DagsterInvalidDefinitionError(
                    f"Invalid partitions definition type {type(of)}. Only the following partitions"
                    " definition types are supported: static, time window and dynamic ones."
                )
            if isinstance(of, DynamicPartitionsDefinition) and of.name is None:
                raise DagsterInvalidDefinitionError(
                    "DynamicPartitionsDefinition must have a name to be used in a MultiPartitionsDefinition."
                )
        self._partitions_defs = [
            PartitionDimensionDefinition(n, d) for n, d in sorted(partitions_defs.items())
        ]
        self._definition  # noqa: B018 (checks the dimensions)

    def _make(self) -> _core.Partitions:
        return _core.Partitions.multi([(d.name, d.partitions_def._definition) for d in self._partitions_defs])

    def _keys_from(self, store: Any) -> Any:
        names = [
            d.partitions_def.name
            for d in self._partitions_defs
            if isinstance(d.partitions_def, DynamicPartitionsDefinition) and d.partitions_def.name
        ]
        if not names:
            return None
        if store is None:
            raise CheckError(
                "The instance is not available to load partitions. You may be seeing this error when using"
                f" dynamic partitions ({', '.join(names)}) without dynamic_partitions_store=instance, where"
                " the keys are kept."
            )
        return keys_of_store(store, names)

    def _typed(self, keys: Sequence[str]) -> Sequence[MultiPartitionKey]:
        return [self._key_of(key) for key in keys]

    def _key_of(self, key: str) -> MultiPartitionKey:
        if isinstance(key, MultiPartitionKey):
            return key
        parts = key.split(DELIMITER)
        return MultiPartitionKey({d.name: p for d, p in zip(self._partitions_defs, parts)})

    def get_partition_key_from_str(self, partition_key_str: str) -> MultiPartitionKey:
        if not self.is_valid_key_format(partition_key_str):
            raise CheckError(
                f"Expected {len(self._partitions_defs)} partition keys in partition key string"
                f" {partition_key_str}, but got {len(partition_key_str.split(DELIMITER))}"
            )
        return self._key_of(partition_key_str)

    @property
    def partitions_defs(self) -> Sequence[PartitionDimensionDefinition]:
        return self._partitions_defs

    @property
    def partition_dimension_names(self) -> Sequence[str]:
        return [d.name for d in self._partitions_defs]

    def get_partitions_def_for_dimension(self, dimension_name: str) -> PartitionsDefinition:
        for d in self._partitions_defs:
            if d.name == dimension_name:
                return d.partitions_def
        raise CheckError(f"Invalid dimension name {dimension_name}")

    def has_partition_key(
        self,
        partition_key: str,
        current_time: datetime | None = None,
        dynamic_partitions_store: Any = None,
    ) -> bool:
        if isinstance(partition_key, MultiPartitionKey) and set(partition_key.keys_by_dimension) != set(
            self.partition_dimension_names
        ):
            raise DagsterUnknownPartitionError(
                f"Invalid partition key {partition_key}. The dimensions of the partition key are not the"
                " dimensions of the partitions definition."
            )
        return super().has_partition_key(partition_key, current_time, dynamic_partitions_store)

    def _time_dimensions(self) -> list[PartitionDimensionDefinition]:
        return [
            d for d in self._partitions_defs if isinstance(d.partitions_def, TimeWindowPartitionsDefinition)
        ]

    @property
    def has_time_window_dimension(self) -> bool:
        return bool(self._time_dimensions())

    @property
    def time_window_dimension(self) -> PartitionDimensionDefinition:
        dimensions = self._time_dimensions()
        if len(dimensions) != 1:
            raise CheckError("Expected exactly one time window partitioned dimension")
        return dimensions[0]

    @property
    def time_window_partitions_def(self) -> TimeWindowPartitionsDefinition:
        definition = self.time_window_dimension.partitions_def
        assert isinstance(definition, TimeWindowPartitionsDefinition)
        return definition

    @property
    def primary_dimension(self) -> PartitionDimensionDefinition:
        dimensions = self._time_dimensions()
        return dimensions[0] if len(dimensions) == 1 else self._partitions_defs[0]

    @property
    def secondary_dimension(self) -> PartitionDimensionDefinition:
        primary = self.primary_dimension
        return next(d for d in self._partitions_defs if d is not primary)

    def time_window_for_partition_key(self, partition_key: str) -> TimeWindow:
        dimension = self.time_window_dimension
        key = self.get_partition_key_from_str(partition_key).keys_by_dimension[dimension.name]
        return self.time_window_partitions_def.time_window_for_partition_key(key)

    def get_multipartition_keys_with_dimension_value(
        self, dimension_name: str, dimension_partition_key: str, dynamic_partitions_store: Any = None
    ) -> Sequence[MultiPartitionKey]:
        """The keys that have this key in that dimension."""
        with partition_loading_context(dynamic_partitions_store=dynamic_partitions_store):
            return self.get_multipartition_keys_with_dimension_values(
                dimension_name, [dimension_partition_key]
            )

    def get_multipartition_keys_with_dimension_values(
        self, dimension_name: str, dimension_partition_keys: Sequence[str]
    ) -> Sequence[MultiPartitionKey]:
        """The keys that have one of these in that dimension."""
        import itertools

        self.get_partitions_def_for_dimension(dimension_name)
        of_dimensions = [
            dimension_partition_keys if d.name == dimension_name else d.partitions_def.get_partition_keys()
            for d in self._partitions_defs
        ]
        names = self.partition_dimension_names
        return [MultiPartitionKey(dict(zip(names, keys))) for keys in itertools.product(*of_dimensions)]

    def is_valid_key_format(self, partition_key: str) -> bool:
        return len(partition_key.split(DELIMITER)) == len(self._partitions_defs)

    def get_tags_for_partition_key(self, partition_key: str) -> Mapping[str, str]:
        key = self.get_partition_key_from_str(partition_key)
        tags = {"dagster/partition": str(partition_key)}
        for name, part in key.keys_by_dimension.items():
            tags[f"dagster/partition/{name}"] = part
        return tags

    def __str__(self) -> str:
        dimensions = " \n".join(f"{d.name.capitalize()}: {d.partitions_def}" for d in self._partitions_defs)
        return f"Multi-partitioned, with dimensions: \n{dimensions}"

    def __repr__(self) -> str:
        return f"{type(self).__name__}(dimensions={[str(d) for d in self._partitions_defs]})"
