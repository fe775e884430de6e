"""What a condition of one's own is given, and what it gives back."""

from __future__ import annotations

from treadle._assets.keys import AssetCheckKey, AssetJobKey, AssetKey
from treadle._automation.conditions import AutomationCondition, wrap
from treadle._errors import CheckError
from treadle._typing import TYPE_CHECKING

if TYPE_CHECKING:
    import datetime
    from collections.abc import Iterable, Mapping, Sequence
    from collections.abc import Set as AbstractSet
    from typing import Any

    from treadle import _core

EPOCH_MICROS = 1_000_000


def to_datetime(micros: int) -> datetime.datetime:
    import datetime

    return datetime.datetime.fromtimestamp(0, datetime.timezone.utc) + datetime.timedelta(microseconds=micros)


def to_micros(time: datetime.datetime) -> int:
    """Without a zone it is meant in UTC, as in Dagster."""
    import datetime

    if time.tzinfo is None:
        time = time.replace(tzinfo=datetime.timezone.utc)
    span = time - datetime.datetime.fromtimestamp(0, datetime.timezone.utc)
    return (span.days * 86_400 + span.seconds) * EPOCH_MICROS + span.microseconds


_JOB = " (job)"  # as the engine names them


def key_of(text: str) -> AssetKey | AssetCheckKey | AssetJobKey:
    if text.endswith(_JOB):
        return AssetJobKey(text.removesuffix(_JOB))
    asset, _, check = text.rpartition(":")
    if asset:
        return AssetCheckKey(AssetKey.from_user_string(asset), check)
    return AssetKey.from_user_string(text)


def text_of(key: AssetKey | AssetCheckKey | AssetJobKey) -> str:
    if isinstance(key, AssetCheckKey):
        return f"{key.asset_key.to_user_string()}:{key.name}"
    return key.job_name + _JOB if isinstance(key, AssetJobKey) else key.to_user_string()


class EntitySubset:
    """Some of the partitions of an asset or a check; of an unpartitioned one: it, or not."""

    __slots__ = ("_core",)

    def __init__(self, core: _core.Subset) -> None:
        self._core = core

    @property
    def key(self) -> AssetKey | AssetCheckKey | AssetJobKey:
        return key_of(self._core.key)

    @property
    def is_partitioned(self) -> bool:
        return self._core.is_partitioned

    @property
    def is_empty(self) -> bool:
        return self._core.is_empty

    @property
    def size(self) -> int:
        return self._core.size

    @property
    def bool_value(self) -> bool:
        if self.is_partitioned:
            raise CheckError(f"{self!r} is of a partitioned asset: it is no bool.")
        return not self.is_empty

    def expensively_compute_partition_keys(self) -> AbstractSet[str]:
        return set(self._core.keys())

    def expensively_compute_asset_partitions(self) -> AbstractSet[tuple[Any, str | None]]:
        keys: Iterable[str | None] = self._core.keys() if self.is_partitioned else [None][: self.size]
        return {(self.key, k) for k in keys}

    def compute_union(self, other: EntitySubset) -> EntitySubset:
        return EntitySubset(self._core.union(other._core))

    def compute_intersection(self, other: EntitySubset) -> EntitySubset:
        return EntitySubset(self._core.intersection(other._core))

    def compute_difference(self, other: EntitySubset) -> EntitySubset:
        return EntitySubset(self._core.difference(other._core))

    def compute_intersection_with_partition_keys(self, partition_keys: AbstractSet[str]) -> EntitySubset:
        return EntitySubset(
            self._core.intersection(self._core.of_keys(self._core.key, sorted(partition_keys)))
        )

    def compute_parent_subset(self, parent_key: AssetKey) -> EntitySubset:
        return EntitySubset(self._core.mapped(text_of(parent_key), True))

    def compute_child_subset(self, child_key: AssetKey) -> EntitySubset:
        return EntitySubset(self._core.mapped(text_of(child_key), False))

    def compute_mapped_subset(
        self, to_key: AssetKey | AssetCheckKey | AssetJobKey, direction: str
    ) -> EntitySubset:
        return EntitySubset(self._core.mapped(text_of(to_key), direction == "up"))

    def __contains__(self, item: object) -> bool:
        partition: Any = item[1] if isinstance(item, tuple) else item
        return self._core.contains(partition)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, EntitySubset) and self.key == other.key and self._core.equals(other._core)

    def __hash__(self) -> int:
        return hash((self._core.key, self._core.size))

    def __repr__(self) -> str:
        return f"EntitySubset<{self._core.key}>({self._core.text()})"


class AssetGraphView:
    """The assets and checks at the moment of the evaluation."""

    __slots__ = ("_context",)

    def __init__(self, context: _core.ConditionContext) -> None:
        self._context = context

    @property
    def effective_dt(self) -> datetime.datetime:
        return to_datetime(self._context.now)

    @property
    def last_event_id(self) -> int:
        return self._context.last_event_id

    def get_full_subset(self, *, key: AssetKey | AssetCheckKey | AssetJobKey) -> EntitySubset:
        return EntitySubset(self._context.full(text_of(key)))

    def get_empty_subset(self, *, key: AssetKey | AssetCheckKey | AssetJobKey) -> EntitySubset:
        return EntitySubset(self._context.empty(text_of(key)))

    def get_subset_from_partition_keys(
        self, key: AssetKey, partitions_def: object, partition_keys: Iterable[str]
    ) -> EntitySubset:
        return EntitySubset(self._context.of_keys(text_of(key), sorted(partition_keys)))

    def get_asset_subset_from_asset_partitions(
        self, key: AssetKey, asset_partitions: Iterable[Any], validate_existence: bool = False
    ) -> EntitySubset:
        keys = [p[1] for p in asset_partitions]
        return EntitySubset(self._context.of_keys(text_of(key), [k if k is not None else "" for k in keys]))


class AutomationContext:
    """What is evaluated, for what, and what was found the last time. Valid during the call only."""

    __slots__ = ("_context", "_subset", "condition")

    def __init__(
        self,
        condition: AutomationCondition,
        context: _core.ConditionContext,
        subset: _core.Subset | None = None,
    ) -> None:
        self.condition = condition
        self._context = context
        self._subset = subset

    @property
    def candidate_subset(self) -> EntitySubset:
        return EntitySubset(self._subset if self._subset is not None else self._context.candidates)

    @property
    def key(self) -> AssetKey | AssetCheckKey | AssetJobKey:
        return self.candidate_subset.key

    @property
    def root_context_key(self) -> AssetKey | AssetCheckKey | AssetJobKey:
        return key_of(self._context.root_key)

    @property
    def asset_graph_view(self) -> AssetGraphView:
        return AssetGraphView(self._context)

    @property
    def partitions_def(self) -> Any:
        """Of what is evaluated; None when it has no partitions."""
        from treadle._partitions.mappings import wrap as definition_of

        partitions = self.candidate_subset._core.partitions
        return None if partitions is None else definition_of(partitions)

    @property
    def evaluation_time(self) -> datetime.datetime:
        return to_datetime(self._context.now)

    @property
    def previous_evaluation_time(self) -> datetime.datetime | None:
        micros = self._context.previous_time
        return None if micros is None else to_datetime(micros)

    @property
    def max_storage_id(self) -> int:
        return self._context.last_event_id

    @property
    def previous_max_storage_id(self) -> int | None:
        return self._context.previous_event_id

    @property
    def cursor(self) -> str | None:
        """What the condition gave as cursor the last time."""
        return self._context.cursor

    @property
    def previous_true_subset(self) -> EntitySubset | None:
        before = self._context.previous_true
        return None if before is None else EntitySubset(before)

    @property
    def log(self) -> Any:
        import logging

        return logging.getLogger("treadle.automation")

    def get_empty_subset(self) -> EntitySubset:
        return self.asset_graph_view.get_empty_subset(key=self.key)

    def for_child_condition(
        self,
        child_condition: AutomationCondition,
        child_indices: Sequence[int | None] = (),
        candidate_subset: EntitySubset | None = None,
    ) -> AutomationContext:
        subset = (candidate_subset or self.candidate_subset)._core
        return AutomationContext(child_condition, self._context, subset)

    def evaluate(self) -> AutomationResult:
        """Where the condition of this context holds."""
        subset = self._context.evaluate(self.condition._to_core(), self.candidate_subset._core)
        return AutomationResult(self, EntitySubset(subset))

    async def evaluate_async(self) -> AutomationResult:
        return self.evaluate()


class AutomationResult:
    """Where a condition holds. A condition of one's own returns it; its cursor comes back the next time."""

    __slots__ = ("_true_subset", "child_results", "condition", "cursor", "metadata")

    def __init__(
        self,
        context: AutomationContext | None,
        true_subset: EntitySubset,
        cursor: str | None = None,
        child_results: Sequence[AutomationResult] | None = None,
        *,
        metadata: Mapping[str, Any] | None = None,
    ) -> None:
        if not isinstance(true_subset, EntitySubset):
            raise CheckError(f"true_subset of an AutomationResult is an EntitySubset, not {true_subset!r}.")
        if cursor is not None and not isinstance(cursor, str):
            raise CheckError(f"cursor of an AutomationResult is a string, not {cursor!r}.")
        self.condition: AutomationCondition | None = None if context is None else context.condition
        self._true_subset = true_subset
        self.cursor = cursor
        self.child_results = list(child_results or ())
        self.metadata = dict(metadata or {})

    @property
    def key(self) -> AssetKey | AssetCheckKey | AssetJobKey:
        return self._true_subset.key

    @property
    def true_subset(self) -> EntitySubset:
        return self._true_subset

    def __repr__(self) -> str:
        return f"AutomationResult({self.key.to_user_string()}: {self._true_subset._core.text()})"


class Explanation(AutomationResult):
    """A node of an evaluation: where it holds, and what it was asked about."""

    __slots__ = ("candidate_subset",)

    def __init__(self, told: tuple[Any, ...]) -> None:
        condition, holds, candidates, metadata, children = told
        super().__init__(
            None,
            EntitySubset(holds),
            child_results=[Explanation(c) for c in children],
            metadata=dict(metadata),
        )
        self.condition = wrap(condition)
        self.candidate_subset = EntitySubset(candidates)
