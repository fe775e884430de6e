"""What every partitions definition can do, and those whose keys are a list: StaticPartitionsDefinition and
DynamicPartitionsDefinition.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from treadle import _core
from treadle._errors import (
    CheckError,
    DagsterInvalidDefinitionError,
    DagsterInvalidInvocationError,
    DagsterUnknownPartitionError,
    TreadleError,
)
from treadle._partitions.keys import PaginatedResults, PartitionKeyRange
from treadle._partitions.subset import PartitionsSubset
from treadle._partitions.time import (
    PartitionLoadingContext,
    current_loading_context,
    partition_loading_context,
    to_micros,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from collections.abc import Set as AbstractSet

    from treadle._automation.requests import (
        AddDynamicPartitionsRequest,
        DeleteDynamicPartitionsRequest,
    )


class _Partition(NamedTuple):
    value: Any
    name: str


class Partition(_Partition):
    """A key as an object. Dagster's old form: use the key."""

    __slots__ = ()

    def __new__(cls, value: Any, name: str | None = None) -> Partition:
        return super().__new__(cls, value, str(value) if name is None else name)


class PartitionsDefinition:
    """Into which partitions an asset or a job is cut."""

    _core_definition: _core.Partitions | None = None
    _is_timed = False

    # --- what the kinds differ in

    def _make(self) -> _core.Partitions:
        raise NotImplementedError

    def _typed(self, keys: Sequence[str]) -> Sequence[str]:
        return keys

    # --- the core's side

    @property
    def _definition(self) -> _core.Partitions:
        if self._core_definition is None:
            try:
                self._core_definition = self._make()
            except TreadleError as error:
                raise DagsterInvalidDefinitionError(str(error)) from None
        return self._core_definition

    @property
    def _of_run(self) -> _core.Partitions:
        """As definitions that are run have it."""
        return self._definition

    def _now(self) -> int:
        context = current_loading_context()
        return to_micros(context.effective_dt, getattr(self, "timezone", "UTC"))

    def _set(self, current_time: datetime | None = None, store: Any = None) -> _core.PartitionSet:
        with partition_loading_context(current_time, store) as context:
            return self._definition.at(self._now(), self._keys_from(context.dynamic_partitions_store))

    def _keys_from(self, store: Any) -> Any:
        return None

    def _numbers(self, of: _core.PartitionSet, keys: Iterable[str]) -> _core.PartitionSubset:
        try:
            return of.subset(list(keys))
        except TreadleError as error:
            raise DagsterUnknownPartitionError(str(error)) from None

    def __getstate__(self) -> dict[str, Any]:
        """What is pickled and copied is what was declared: the core's side is made again."""
        return {k: v for k, v in self.__dict__.items() if k != "_core_definition"}

    # --- questions

    def get_partition_keys(
        self, current_time: datetime | None = None, dynamic_partitions_store: Any = None
    ) -> Sequence[str]:
        return self._typed(self._set(current_time, dynamic_partitions_store).keys())

    def get_num_partitions(
        self, current_time: datetime | None = None, dynamic_partitions_store: Any = None
    ) -> int:
        return len(self._set(current_time, dynamic_partitions_store))

    def get_first_partition_key(
        self, current_time: datetime | None = None, dynamic_partitions_store: Any = None
    ) -> str | None:
        of = self._set(current_time, dynamic_partitions_store)
        return self._typed([of.key(0)])[0] if len(of) else None

    def get_last_partition_key(
        self, current_time: datetime | None = None, dynamic_partitions_store: Any = None
    ) -> str | None:
        of = self._set(current_time, dynamic_partitions_store)
        return self._typed([of.key(len(of) - 1)])[0] if len(of) else None

    def has_partition_key(
        self,
        partition_key: str,
        current_time: datetime | None = None,
        dynamic_partitions_store: Any = None,
    ) -> bool:
        return self._set(current_time, dynamic_partitions_store).find(partition_key) is not None

    def get_partition_keys_in_range(
        self, partition_key_range: PartitionKeyRange, dynamic_partitions_store: Any = None
    ) -> Sequence[str]:
        of = self._set(None, dynamic_partitions_store)
        try:
            subset = of.range(partition_key_range.start, partition_key_range.end)
        except TreadleError as error:
            missing = [key for key in partition_key_range if of.find(key) is None]
            if not missing:
                raise DagsterInvalidInvocationError(str(error)) from None
            raise DagsterInvalidInvocationError(
                f"Partition range {partition_key_range.start} to {partition_key_range.end} is not a valid"
                f" range. Nonexistent partition keys: {missing}. {error}"
            ) from None
        return self._typed(of.keys_of(subset))

    def get_paginated_partition_keys(
        self, context: PartitionLoadingContext, limit: int, ascending: bool, cursor: str | None = None
    ) -> PaginatedResults:
        """`limit` keys at a time, from the first on or from the last back. A page goes on after the last key
        of the one before, whatever was added or removed since.
        """
        with partition_loading_context(new_ctx=context) as loading:
            of = self._set(None, loading.dynamic_partitions_store)
        before, step = (-1, 1) if ascending else (len(of), -1)
        if cursor:
            number, _, key = cursor.partition(":")
            found = of.find(key)
            # What is gone lay between its neighbours.
            before = found if found is not None else int(number) - (1 if ascending else 0)
        remaining = len(of) - 1 - before if ascending else before
        numbers = range(before + step, before + step * (min(limit, max(remaining, 0)) + 1), step)
        keys = [of.key(n) for n in numbers]
        if keys:
            cursor = f"{numbers[-1]}:{keys[-1]}"
        return PaginatedResults(self._typed(keys), cursor or f"{before}:", remaining > len(keys))

    def filter_valid_partition_keys(self, partition_keys: Iterable[str]) -> AbstractSet[str]:
        """Those of the keys that there are."""
        loading = current_loading_context()
        of = self._set(None, loading.dynamic_partitions_store)
        return set(self._typed([k for k in partition_keys if of.find(k) is not None]))

    def validate_partition_key(
        self,
        partition_key: str,
        context: PartitionLoadingContext | None = None,
        dynamic_partitions_store: Any = None,
    ) -> None:
        with partition_loading_context(
            dynamic_partitions_store=dynamic_partitions_store, new_ctx=context
        ) as loading:
            try:
                self._set(None, loading.dynamic_partitions_store).index_of(partition_key)
            except TreadleError as error:
                raise DagsterUnknownPartitionError(str(error)) from None

    def get_tags_for_partition_key(self, partition_key: str) -> Mapping[str, str]:
        return {"dagster/partition": partition_key}

    def get_serializable_unique_identifier(self, dynamic_partitions_store: Any = None) -> str:
        return _core.sha256_hex(self._definition.fingerprint.encode())[:40]

    def empty_subset(self) -> PartitionsSubset:
        return PartitionsSubset(self, self._set(), _core.PartitionSubset())

    def subset_with_partition_keys(self, partition_keys: Iterable[str]) -> PartitionsSubset:
        return self.empty_subset().with_partition_keys(partition_keys)

    def subset_with_all_partitions(
        self, current_time: datetime | None = None, dynamic_partitions_store: Any = None
    ) -> PartitionsSubset:
        of = self._set(current_time, dynamic_partitions_store)
        return PartitionsSubset(self, of, of.all())

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, PartitionsDefinition)
            and self._definition.fingerprint == other._definition.fingerprint
        )

    def __hash__(self) -> int:
        return hash(self._definition.fingerprint)

    def __str__(self) -> str:
        return ", ".join(f"'{key}'" for key in self.get_partition_keys())


class StaticPartitionsDefinition(PartitionsDefinition):
    """A list of keys: StaticPartitionsDefinition(["eu", "us"])."""

    def __init__(self, partition_keys: Sequence[str]) -> None:
        if not all(isinstance(k, str) for k in partition_keys):
            raise CheckError(f"partition_keys must be a sequence of str, not {partition_keys!r}.")
        self._partition_keys = list(partition_keys)
        self._definition  # noqa: B018 (checks the keys)

    def _make(self) -> _core.Partitions:
        return _core.Partitions.static(self._partition_keys)

    def __repr__(self) -> str:
        return f"{type(self).__name__}(partition_keys={self._partition_keys})"


class DynamicPartitionsDefinition(PartitionsDefinition):
    """Keys that are added and removed while the program lives, kept in the instance under a name:

    images = DynamicPartitionsDefinition(name="images")
    instance.add_dynamic_partitions("images", ["cat.png"])
    """

    def __init__(
        self,
        partition_fn: Callable[[datetime | None], Sequence[Any]] | None = None,
        name: str | None = None,
    ) -> None:
        if partition_fn is None and name is None:
            raise DagsterInvalidDefinitionError(
                "Must provide either partition_fn or name to DynamicPartitionsDefinition."
            )
        if partition_fn is not None and name is not None:
            raise DagsterInvalidDefinitionError(
                "Cannot provide both partition_fn and name to DynamicPartitionsDefinition."
            )
        self.partition_fn = partition_fn
        self.name = name

    def _validated_name(self) -> str:
        if self.name is None:
            raise CheckError("Dynamic partitions definition must have a name to fetch dynamic partitions")
        return self.name

    def build_add_request(self, partition_keys: Sequence[str]) -> AddDynamicPartitionsRequest:
        """For a sensor to ask that these keys be added."""
        from treadle._automation.requests import AddDynamicPartitionsRequest

        return AddDynamicPartitionsRequest(self._validated_name(), partition_keys)

    def build_delete_request(self, partition_keys: Sequence[str]) -> DeleteDynamicPartitionsRequest:
        """For a sensor to ask that these keys be removed."""
        from treadle._automation.requests import DeleteDynamicPartitionsRequest

        return DeleteDynamicPartitionsRequest(self._validated_name(), partition_keys)

    def _make(self) -> _core.Partitions:
        return _core.Partitions.dynamic(self.name or f"partition_fn:{id(self.partition_fn)}")

    def _keys_from(self, store: Any) -> Any:
        if self.partition_fn is not None:
            name = f"partition_fn:{id(self.partition_fn)}"
            given = self.partition_fn(current_loading_context().effective_dt)
            return {name: [getattr(k, "name", k) for k in given]}
        if store is None:
            raise CheckError(
                "The instance is not available to load partitions. You may be seeing this error when using"
                f" dynamic partitions ({self.name!r}) without dynamic_partitions_store=instance, where the"
                " keys are kept."
            )
        return keys_of_store(store, [self._validated_name()])

    @property
    def _of_run(self) -> _core.Partitions:
        """The core asks the home for keys, and there is no asking a function: its keys are those of now."""
        if self.partition_fn is None:
            return self._definition
        return _core.Partitions.static(list(self.get_partition_keys()))

    def __str__(self) -> str:
        return f'Dynamic partitions: "{self.name}"' if self.name else super().__str__()

    def __repr__(self) -> str:
        return f"DynamicPartitionsDefinition(name={self.name!r})"


def keys_of_store(store: Any, names: Sequence[str]) -> Any:
    """A home, or what anything with get_dynamic_partitions says."""
    home = getattr(store, "_home", None)
    if isinstance(home, _core.Home):
        return home
    return {name: list(store.get_dynamic_partitions(name)) for name in names}
