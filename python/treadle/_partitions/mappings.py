"""Partition mappings: which partitions of an upstream asset a partition is made from."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING, Any, NamedTuple

from treadle import _core
from treadle._errors import CheckError, DagsterInvalidDefinitionError, TreadleError
from treadle._partitions.definitions import PartitionsDefinition
from treadle._partitions.subset import KeysSubset, PartitionsSubset
from treadle._partitions.time import partition_loading_context

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime


class PartitionMappingError(DagsterInvalidDefinitionError, CheckError, ValueError):
    """A mapping does not fit the definitions it stands between. Which of the three Dagster raises depends on
    the mapping.
    """


class UpstreamPartitionsResult:
    """What exists upstream, and what a mapping asks for and does not exist: keys, or a subset."""

    __slots__ = ("partitions_subset", "required_but_nonexistent_subset")

    def __init__(
        self,
        partitions_subset: PartitionsSubset,
        required_but_nonexistent_subset: PartitionsSubset | KeysSubset | Sequence[str] = (),
    ) -> None:
        self.partitions_subset = partitions_subset
        missing = required_but_nonexistent_subset
        self.required_but_nonexistent_subset = (
            missing if isinstance(missing, (PartitionsSubset, KeysSubset)) else KeysSubset(missing)
        )

    @property
    def required_but_nonexistent_partition_keys(self) -> Sequence[str]:
        return list(self.required_but_nonexistent_subset.get_partition_keys())


class PartitionMapping:
    """A mapping of your own overrides both methods; it works on subsets of keys:

    class EveryOther(dg.PartitionMapping):
        def get_upstream_mapped_partitions_result_for_partitions(
            self, downstream_partitions_subset, downstream_partitions_def, upstream_partitions_def,
            current_time=None, dynamic_partitions_store=None,
        ):
            keys = [...]
            return dg.UpstreamPartitionsResult(upstream_partitions_def.subset_with_partition_keys(keys), [])
    """

    def _told(self) -> tuple[Any, ...]:
        """For the core."""
        return ("custom", self)

    def validate_partition_mapping(
        self,
        upstream_partitions_def: PartitionsDefinition,
        downstream_partitions_def: PartitionsDefinition | None,
    ) -> None:
        if self._told()[0] == "custom":
            return
        downstream = downstream_partitions_def._definition if downstream_partitions_def is not None else None
        try:
            _core.check_partition_mapping(self._told(), downstream, upstream_partitions_def._definition)
        except TreadleError as error:
            raise PartitionMappingError(str(error)) from None

    def get_upstream_mapped_partitions_result_for_partitions(
        self,
        downstream_partitions_subset: PartitionsSubset | None,
        downstream_partitions_def: PartitionsDefinition | None,
        upstream_partitions_def: PartitionsDefinition,
        current_time: datetime | None = None,
        dynamic_partitions_store: Any = None,
    ) -> UpstreamPartitionsResult:
        if self._told()[0] == "custom":
            raise NotImplementedError
        with partition_loading_context(current_time, dynamic_partitions_store) as context:
            store = context.dynamic_partitions_store
            upstream = upstream_partitions_def._set(None, store)
            downstream = subset = None
            if downstream_partitions_def is not None and downstream_partitions_subset is not None:
                downstream = downstream_partitions_def._set(None, store)
                subset = PartitionsSubset(
                    downstream_partitions_def, downstream, _core.PartitionSubset()
                )._same(downstream_partitions_subset)
            try:
                mapped, missing = _core.map_partitions_upstream(self._told(), downstream, subset, upstream)
            except TreadleError as error:
                raise PartitionMappingError(str(error)) from None
        return UpstreamPartitionsResult(PartitionsSubset(upstream_partitions_def, upstream, mapped), missing)

    def get_downstream_partitions_for_partitions(
        self,
        upstream_partitions_subset: PartitionsSubset,
        upstream_partitions_def: PartitionsDefinition,
        downstream_partitions_def: PartitionsDefinition,
        current_time: datetime | None = None,
        dynamic_partitions_store: Any = None,
    ) -> PartitionsSubset:
        if self._told()[0] == "custom":
            raise NotImplementedError
        with partition_loading_context(current_time, dynamic_partitions_store) as context:
            store = context.dynamic_partitions_store
            upstream = upstream_partitions_def._set(None, store)
            downstream = downstream_partitions_def._set(None, store)
            subset = PartitionsSubset(upstream_partitions_def, upstream, _core.PartitionSubset())._same(
                upstream_partitions_subset
            )
            try:
                mapped = _core.map_partitions_downstream(self._told(), upstream, subset, downstream)
            except TreadleError as error:
                raise PartitionMappingError(str(error)) from None
        return PartitionsSubset(downstream_partitions_def, downstream, mapped)

    _description = ""

    @property
    def description(self) -> str:
        """For people: which partitions depend on which."""
        return self._description.format(**self.__dict__)

    # --- called by the core, for mappings of users

    def _map_upstream(
        self,
        downstream: _core.PartitionSet | None,
        subset: _core.PartitionSubset | None,
        upstream: _core.PartitionSet,
    ) -> tuple[_core.PartitionSubset, list[str]]:
        upstream_def = wrap(upstream)
        downstream_def = wrap(downstream) if downstream is not None else None
        given = (
            PartitionsSubset(downstream_def, downstream, subset)
            if downstream_def is not None and downstream is not None and subset is not None
            else None
        )
        result: Any = self.get_upstream_mapped_partitions_result_for_partitions(
            given, downstream_def, upstream_def
        )
        missing = getattr(result, "required_but_nonexistent_partition_keys", None)
        empty = PartitionsSubset(upstream_def, upstream, _core.PartitionSubset())
        return empty._same(result.partitions_subset), [str(k) for k in missing or ()]

    def _map_downstream(
        self,
        upstream: _core.PartitionSet,
        subset: _core.PartitionSubset,
        downstream: _core.PartitionSet,
    ) -> _core.PartitionSubset:
        upstream_def, downstream_def = wrap(upstream), wrap(downstream)
        result = self.get_downstream_partitions_for_partitions(
            PartitionsSubset(upstream_def, upstream, subset), upstream_def, downstream_def
        )
        return PartitionsSubset(downstream_def, downstream, _core.PartitionSubset())._same(result)

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self) and other.__dict__ == self.__dict__

    def __hash__(self) -> int:
        return hash((type(self).__name__, repr(self.__dict__)))

    def __repr__(self) -> str:
        fields = ", ".join(f"{name}={value!r}" for name, value in self.__dict__.items())
        return f"{type(self).__name__}({fields})"


class _Fixed(PartitionsDefinition):
    """A definition whose partitions at one moment the core has worked out."""

    def __init__(self, of: _core.PartitionSet) -> None:
        self._of = of

    def _make(self) -> _core.Partitions:
        return self._of.partitions

    def _set(self, current_time: datetime | None = None, store: Any = None) -> _core.PartitionSet:
        return self._of


def wrap(of: _core.PartitionSet) -> PartitionsDefinition:
    """The user's definition if it is known, else one that answers for this moment."""
    return _known.get(of.partitions.fingerprint) or _Fixed(of)


_known: dict[str, PartitionsDefinition] = {}


def remember(definition: PartitionsDefinition) -> None:
    """Definitions of assets, so that user code gets its own objects back."""
    _known.setdefault(definition._definition.fingerprint, definition)


class IdentityPartitionMapping(PartitionMapping):
    """The same key."""

    _description = "Each downstream partition depends on the upstream partition with the same key."

    def _told(self) -> tuple[Any, ...]:
        return ("identity",)


class AllPartitionMapping(PartitionMapping):
    """Every partition."""

    _description = "Each downstream partition depends on all partitions of the upstream asset."

    def _told(self) -> tuple[Any, ...]:
        return ("all",)


class LastPartitionMapping(PartitionMapping):
    """The last partition there is."""

    _description = "Each downstream partition depends on the last partition of the upstream asset."

    def _told(self) -> tuple[Any, ...]:
        return ("last",)


class SpecificPartitionsPartitionMapping(PartitionMapping):
    """Always these."""

    _description = "Each downstream partition depends on the upstream partitions {partition_keys}."

    def __init__(self, partition_keys: Sequence[str]) -> None:
        if isinstance(partition_keys, str):
            raise CheckError(f"partition_keys is a list of keys, not the string {partition_keys!r}.")
        self.partition_keys = list(partition_keys)

    def _told(self) -> tuple[Any, ...]:
        return ("specific", self.partition_keys)


class StaticPartitionMapping(PartitionMapping):
    """From static keys to static keys: StaticPartitionMapping({"a": "1", "b": {"2", "3"}})."""

    _description = (
        "Maps upstream partitions to downstream ones: {downstream_partition_keys_by_upstream_partition_key}"
    )

    def __init__(
        self,
        downstream_partition_keys_by_upstream_partition_key: Mapping[str, str | Sequence[str] | set[str]],
    ) -> None:
        given = dict(downstream_partition_keys_by_upstream_partition_key)
        for key, downstream in given.items():
            if not isinstance(key, str) or not isinstance(downstream, (str, Collection)):
                raise CheckError(
                    "StaticPartitionMapping maps an upstream key to a downstream key or several, not"
                    f" {key!r} to {downstream!r}."
                )
        self.downstream_partition_keys_by_upstream_partition_key = given

    def _told(self) -> tuple[Any, ...]:
        pairs = []
        for upstream, downstream in self.downstream_partition_keys_by_upstream_partition_key.items():
            pairs.append((upstream, [downstream] if isinstance(downstream, str) else sorted(downstream)))
        return ("static", pairs)


class TimeWindowPartitionMapping(PartitionMapping):
    """The windows that overlap. With offsets, the downstream window's start and end are moved by so many
    windows first: `TimeWindowPartitionMapping(start_offset=-1, end_offset=-1)` reads yesterday."""

    @property
    def description(self) -> str:
        text = "Maps a downstream partition to any upstream partition with an overlapping time window."
        if self.start_offset or self.end_offset:
            text += (
                " Start and end of the upstream window are moved by"
                f" {self.start_offset} and {self.end_offset} partitions."
            )
        return text

    def __init__(
        self,
        start_offset: int = 0,
        end_offset: int = 0,
        allow_nonexistent_upstream_partitions: bool = False,
    ) -> None:
        for name, offset in (("start_offset", start_offset), ("end_offset", end_offset)):
            if not isinstance(offset, int):
                raise CheckError(f"{name} must be an int, not {offset!r}.")
        self.start_offset = start_offset
        self.end_offset = end_offset
        self.allow_nonexistent_upstream_partitions = allow_nonexistent_upstream_partitions

    def _told(self) -> tuple[Any, ...]:
        return ("time", self.start_offset, self.end_offset, self.allow_nonexistent_upstream_partitions)


class MultiToSingleDimensionPartitionMapping(PartitionMapping):
    """Between one dimension of a multi-partitioned asset and an asset that has only that one."""

    _description = (
        "One side has the dimension of the other that has its partitions: a key of it stands for all keys of"
        " the other that have it there."
    )

    def __init__(self, partition_dimension_name: str | None = None) -> None:
        self.partition_dimension_name = partition_dimension_name

    def _told(self) -> tuple[Any, ...]:
        return ("single", self.partition_dimension_name or "")


class DimensionPartitionMapping(NamedTuple):
    """The dimension downstream, and the mapping between the two."""

    dimension_name: str
    partition_mapping: PartitionMapping


class MultiPartitionMapping(PartitionMapping):
    """Dimension by dimension: {upstream dimension: DimensionPartitionMapping(downstream dimension, ...)}."""

    @property
    def description(self) -> str:
        return "\n".join(
            f"Upstream dimension '{name}' mapped to downstream dimension '{to}' using"
            f" {type(mapping).__name__}."
            for name, (to, mapping) in self.downstream_mappings_by_upstream_dimension.items()
        )

    def __init__(
        self, downstream_mappings_by_upstream_dimension: Mapping[str, DimensionPartitionMapping]
    ) -> None:
        for name, mapping in downstream_mappings_by_upstream_dimension.items():
            if not isinstance(mapping, DimensionPartitionMapping):
                raise CheckError(
                    f"Dimension {name!r} must be given a DimensionPartitionMapping, not {mapping!r}."
                )
        self.downstream_mappings_by_upstream_dimension = dict(downstream_mappings_by_upstream_dimension)

    def _told(self) -> tuple[Any, ...]:
        return (
            "multi",
            [
                (upstream, m.dimension_name, m.partition_mapping._told())
                for upstream, m in self.downstream_mappings_by_upstream_dimension.items()
            ],
        )


def infer_partition_mapping(
    partition_mapping: PartitionMapping | None,
    downstream_partitions_def: PartitionsDefinition | None,
    upstream_partitions_def: PartitionsDefinition | None,
) -> PartitionMapping:
    """What is used when the user says nothing."""
    if partition_mapping is not None:
        return partition_mapping
    name = _core.infer_partition_mapping(
        downstream_partitions_def._definition if downstream_partitions_def is not None else None,
        upstream_partitions_def._definition if upstream_partitions_def is not None else None,
    )
    made: PartitionMapping = globals()[name]()
    return made
