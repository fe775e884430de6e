"""The rules of an AutoMaterializePolicy: each is a condition under the words that Dagster uses for it.

policy = AutoMaterializePolicy.eager().with_rules(AutoMaterializeRule.skip_on_not_all_parents_updated())
"""

from __future__ import annotations

from enum import Enum

from treadle._automation.conditions import AutomationCondition
from treadle._automation.context import AutomationContext, AutomationResult
from treadle._errors import ParameterCheckError
from treadle._typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any

AC = AutomationCondition
# What a run that a condition asked for is tagged with.
_REQUESTED_TAGS = {"dagster/auto_materialize": "true"}
# How far up skip_on_parent_outdated looks: a dependency, what that follows, and what that follows.
_GENERATIONS = 3


class AutoMaterializeDecisionType(Enum):
    """What a rule says of the partitions it holds for."""

    MATERIALIZE = "MATERIALIZE"
    SKIP = "SKIP"
    DISCARD = "DISCARD"


class AutoMaterializeAssetPartitionsFilter:
    """Counts only those updates of a dependency whose run has all of these tags."""

    __slots__ = ("latest_run_required_tags",)

    def __init__(self, latest_run_required_tags: Mapping[str, str] | None = None) -> None:
        self.latest_run_required_tags = latest_run_required_tags

    @property
    def description(self) -> str:
        return f"latest run includes required tags: {self.latest_run_required_tags}"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, AutoMaterializeAssetPartitionsFilter) and self._tags == other._tags

    def __hash__(self) -> int:
        return hash(self._tags)

    def __repr__(self) -> str:
        return (
            "AutoMaterializeAssetPartitionsFilter("
            f"latest_run_required_tags={self.latest_run_required_tags!r})"
        )

    @property
    def _tags(self) -> frozenset[tuple[str, str]]:
        return frozenset((self.latest_run_required_tags or {}).items())


class AutoMaterializeRule:
    """A reason to materialize an asset, or to skip it although there is a reason."""

    decision_type = AutoMaterializeDecisionType.SKIP

    def __init__(self, **told: Any) -> None:
        self._told = told

    @property
    def description(self) -> str:
        raise NotImplementedError

    def _condition(self) -> AutomationCondition:
        raise NotImplementedError

    def to_asset_condition(self) -> AutomationCondition:
        """The condition that the rule stands for, labelled with its description."""
        return self._condition().with_label(self.description)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, AutoMaterializeRule) and (type(self), self._told) == (
            type(other),
            other._told,
        )

    def __hash__(self) -> int:
        return hash((type(self), *self._told.values()))

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(f'{k}={v!r}' for k, v in self._told.items())})"

    # --- reasons to materialize

    @staticmethod
    def materialize_on_missing() -> AutoMaterializeRule:
        """What was never materialized; of what has dependencies only once one of them was updated."""
        return MaterializeOnMissingRule()

    @staticmethod
    def materialize_on_parent_updated(
        updated_parent_filter: AutoMaterializeAssetPartitionsFilter | None = None,
    ) -> AutoMaterializeRule:
        """A dependency was updated, or will be by this evaluation."""
        return MaterializeOnParentUpdatedRule(updated_parent_filter=updated_parent_filter)

    @staticmethod
    def materialize_on_required_for_freshness() -> AutoMaterializeRule:
        """Never holds: it asks for the legacy freshness policies, which no asset of Treadle has."""
        return MaterializeOnRequiredForFreshnessRule()

    @staticmethod
    def materialize_on_cron(
        cron_schedule: str, timezone: str = "UTC", all_partitions: bool = False
    ) -> AutoMaterializeRule:
        """A tick of the schedule has passed; only for the last partition unless for all."""
        _check_cron(cron_schedule, timezone)
        return MaterializeOnCronRule(
            cron_schedule=cron_schedule, timezone=timezone, all_partitions=all_partitions
        )

    # --- reasons to skip

    @staticmethod
    def skip_on_parent_missing() -> AutoMaterializeRule:
        """A dependency was never materialized."""
        return SkipOnParentMissingRule()

    @staticmethod
    def skip_on_parent_outdated() -> AutoMaterializeRule:
        """A dependency has not yet followed what it depends on (looked for three generations up)."""
        return SkipOnParentOutdatedRule()

    @staticmethod
    def skip_on_not_all_parents_updated(
        require_update_for_all_parent_partitions: bool = False,
    ) -> AutoMaterializeRule:
        """A dependency was not updated since the asset was."""
        return SkipOnNotAllParentsUpdatedRule(
            require_update_for_all_parent_partitions=require_update_for_all_parent_partitions
        )

    @staticmethod
    def skip_on_not_all_parents_updated_since_cron(
        cron_schedule: str, timezone: str = "UTC"
    ) -> AutoMaterializeRule:
        """A dependency was not updated since the latest tick of the schedule."""
        _check_cron(cron_schedule, timezone)
        return SkipOnNotAllParentsUpdatedSinceCronRule(cron_schedule=cron_schedule, timezone=timezone)

    @staticmethod
    def skip_on_required_but_nonexistent_parents() -> AutoMaterializeRule:
        """A dependency has no partition that a partition could be made from."""
        return SkipOnRequiredButNonexistentParentsRule()

    @staticmethod
    def skip_on_backfill_in_progress(all_partitions: bool = False) -> AutoMaterializeRule:
        """A backfill is about to materialize it; or any of its partitions, with `all_partitions`."""
        return SkipOnBackfillInProgressRule(all_partitions=all_partitions)

    @staticmethod
    def skip_on_run_in_progress() -> AutoMaterializeRule:
        """A run is about to materialize it."""
        return SkipOnRunInProgressRule()


def _check_cron(cron_schedule: str, timezone: str) -> None:
    try:
        AC.cron_tick_passed(cron_schedule, timezone)._to_core()
    except Exception as problem:
        raise ParameterCheckError(
            f"Invalid cron_schedule {cron_schedule!r} or timezone {timezone!r} of an AutoMaterializeRule:"
            f" {problem}"
        ) from problem


def _always() -> AutomationCondition:
    return AC.missing() | ~AC.missing()


def never() -> AutomationCondition:
    return AC.missing() & ~AC.missing()


def _followed() -> AutomationCondition:
    """A dependency that these definitions make."""
    from treadle._assets.selection import AssetSelection

    return AC.any_deps_match(_always()).allow(AssetSelection.all())


def _until_handled(condition: AutomationCondition) -> AutomationCondition:
    return condition.since(AC.newly_requested() | AC.newly_updated())


def _after_requests(condition: AutomationCondition) -> AutomationCondition:
    """What was requested by the evaluation before is requested again if there is a new reason."""
    return condition | _until_handled(condition)


class MaterializeOnMissingRule(AutoMaterializeRule):
    decision_type = AutoMaterializeDecisionType.MATERIALIZE

    @property
    def description(self) -> str:
        return "materialization is missing"

    def _condition(self) -> AutomationCondition:
        # At the first evaluation nothing is newly updated: what is there counts.
        there = AC.any_deps_match(AC.initial_evaluation() & ~AC.missing())
        return _until_handled(
            (AC.missing().newly_true() & ~_followed()) | (AC.missing() & (AC.any_deps_updated() | there))
        )


class MaterializeOnParentUpdatedRule(AutoMaterializeRule):
    decision_type = AutoMaterializeDecisionType.MATERIALIZE

    @property
    def description(self) -> str:
        base = "upstream data has changed since latest materialization"
        wanted = self._told["updated_parent_filter"]
        return base if wanted is None else f"{base} and matches filter '{wanted.description}'"

    def _condition(self) -> AutomationCondition:
        wanted = self._told["updated_parent_filter"]
        if wanted is None or not wanted.latest_run_required_tags:
            return self._unless_newer(AC.any_deps_updated(), AC.any_deps_match(AC.will_be_requested()))
        tags = dict(wanted.latest_run_required_tags)
        updated = (
            AC.newly_updated() & ~AC.executed_with_root_target() & AC.executed_with_tags(tag_values=tags)
        )
        if tags.items() <= _REQUESTED_TAGS.items():
            soon = AC.any_deps_match(AC.will_be_requested())
            return self._unless_newer(AC.any_deps_match(updated | AC.will_be_requested()), soon)
        return self._unless_newer(AC.any_deps_match(updated))

    @staticmethod
    def _unless_newer(
        updated: AutomationCondition, soon: AutomationCondition | None = None
    ) -> AutomationCondition:
        """An asset that was updated, too, counts as newer than them, unless they will be again."""
        newer = AC.newly_updated() if soon is None else AC.newly_updated() & ~soon
        return (updated & ~newer) | _until_handled(updated)


class MaterializeOnRequiredForFreshnessRule(AutoMaterializeRule):
    decision_type = AutoMaterializeDecisionType.MATERIALIZE

    @property
    def description(self) -> str:
        return "required to meet this or downstream asset's freshness policy"

    def _condition(self) -> AutomationCondition:
        return never()


class MaterializeOnCronRule(AutoMaterializeRule):
    decision_type = AutoMaterializeDecisionType.MATERIALIZE

    @property
    def description(self) -> str:
        cron, timezone = self._told["cron_schedule"], self._told["timezone"]
        return f"not materialized since last cron schedule tick of '{cron}' (timezone: {timezone})"

    def _condition(self) -> AutomationCondition:
        ticked = AC.cron_tick_passed(self._told["cron_schedule"], self._told["timezone"])
        ticked = ticked | (AC.initial_evaluation() & AC.missing())
        return _after_requests(ticked if self._told["all_partitions"] else ticked & _LAST)


class SkipOnParentMissingRule(AutoMaterializeRule):
    @property
    def description(self) -> str:
        return "waiting on upstream data to be present"

    def _condition(self) -> AutomationCondition:
        from treadle._assets.selection import AssetSelection

        return AC.any_deps_missing().allow(AssetSelection.all())


class SkipOnParentOutdatedRule(AutoMaterializeRule):
    @property
    def description(self) -> str:
        return "waiting on upstream data to be up to date"

    def _condition(self) -> AutomationCondition:
        behind = updated = AC.any_deps_match(AC.newly_updated() & ~AC.executed_with_root_target()).since(
            AC.newly_updated()
        )
        for _ in range(_GENERATIONS - 1):
            behind = updated | AC.any_deps_match(behind)
        return AC.any_deps_match(behind & ~AC.will_be_requested())


class SkipOnNotAllParentsUpdatedRule(AutoMaterializeRule):
    @property
    def description(self) -> str:
        if self._told["require_update_for_all_parent_partitions"]:
            return "waiting until all upstream partitions are updated"
        return "waiting on upstream data to be updated"

    def _condition(self) -> AutomationCondition:
        updated = AC.newly_updated() | (AC.initial_evaluation() & ~AC.missing())
        updated = updated.since(_ROOT_UPDATED) | AC.will_be_requested()
        if self._told["require_update_for_all_parent_partitions"]:
            return AC.any_deps_match(~updated)
        return ~AC.all_deps_match(updated)


class SkipOnNotAllParentsUpdatedSinceCronRule(AutoMaterializeRule):
    @property
    def description(self) -> str:
        return (
            "waiting until all upstream assets have updated since the last cron schedule tick of"
            f" '{self._told['cron_schedule']}' (timezone: {self._told['timezone']})"
        )

    def _condition(self) -> AutomationCondition:
        return ~AC.all_deps_updated_since_cron(self._told["cron_schedule"], self._told["timezone"])


class SkipOnRequiredButNonexistentParentsRule(AutoMaterializeRule):
    @property
    def description(self) -> str:
        return "required parent partitions do not exist"

    def _condition(self) -> AutomationCondition:
        return ~AC.all_deps_match(_always())


class SkipOnBackfillInProgressRule(AutoMaterializeRule):
    @property
    def description(self) -> str:
        if self._told["all_partitions"]:
            return "part of an asset targeted by an in-progress backfill"
        return "targeted by an in-progress backfill"

    def _condition(self) -> AutomationCondition:
        return _ANY_PARTITION_IN_BACKFILL if self._told["all_partitions"] else AC.backfill_in_progress()


class SkipOnRunInProgressRule(AutoMaterializeRule):
    @property
    def description(self) -> str:
        return "in-progress run for asset"

    def _condition(self) -> AutomationCondition:
        return AC.run_in_progress()


# --- what is not made of operands. One object of each: such conditions are equal if they are the same.


class _LastPartition(AutomationCondition):
    """The latest time window; without time windows the last partition."""

    def evaluate(self, context: AutomationContext) -> AutomationResult:
        subset = context.for_child_condition(AC.in_latest_time_window()).evaluate().true_subset
        if subset.is_partitioned and subset == context.asset_graph_view.get_full_subset(key=context.key):
            last = subset._core.keys()[-1:]
            subset = subset.compute_intersection_with_partition_keys(set(last))
        return AutomationResult(context, subset)


class _AnyPartitionInBackfill(AutomationCondition):
    def evaluate(self, context: AutomationContext) -> AutomationResult:
        whole = context.asset_graph_view.get_full_subset(key=context.key)
        found = context.for_child_condition(AC.backfill_in_progress(), candidate_subset=whole).evaluate()
        none = found.true_subset.is_empty
        return AutomationResult(context, context.get_empty_subset() if none else context.candidate_subset)


class _RootUpdated(AutomationCondition):
    """Of a dependency: what the asset that the whole condition is of was made from, now that it was."""

    def evaluate(self, context: AutomationContext) -> AutomationResult:
        root = context.asset_graph_view.get_full_subset(key=context.root_context_key)
        made = context.for_child_condition(AC.newly_updated(), candidate_subset=root).evaluate().true_subset
        if made.is_empty:
            return AutomationResult(context, context.get_empty_subset())
        made_from = made.compute_mapped_subset(context.key, "up")
        return AutomationResult(context, made_from.compute_intersection(context.candidate_subset))


class DiscardOnMaxMaterializationsExceeded(AutomationCondition):
    """All but the newest `limit` partitions of what would be requested. They are not asked for again until
    there is a new reason (`renewed`) to.
    """

    def __init__(self, limit: int, renewed: AutomationCondition) -> None:
        self.limit = limit
        self.renewed = renewed

    @property
    def description(self) -> str:
        return f"exceeds {self.limit} materialization(s) per minute"

    def evaluate(self, context: AutomationContext) -> AutomationResult:
        import json

        candidates = context.candidate_subset
        if not candidates.is_partitioned:
            return AutomationResult(context, context.get_empty_subset())
        discarded = set(json.loads(context.cursor or "[]"))
        if discarded:
            whole = context.asset_graph_view.get_full_subset(key=context.key)
            again = context.for_child_condition(self.renewed, candidate_subset=whole).evaluate()
            discarded -= again.true_subset.expensively_compute_partition_keys()
        in_order = candidates._core.keys()
        asked = [k for k in in_order if k not in discarded]
        discarded.update(asked[: -self.limit])
        subset = candidates.compute_intersection_with_partition_keys(discarded)
        return AutomationResult(context, subset, cursor=json.dumps(sorted(discarded)))


_LAST = _LastPartition()
_ANY_PARTITION_IN_BACKFILL = _AnyPartitionInBackfill()
_ROOT_UPDATED = _RootUpdated()
_DISCARDS: dict[tuple[int, AutomationCondition], AutomationCondition] = {}


def discard_beyond(limit: int, rules: Iterable[AutoMaterializeRule]) -> AutomationCondition:
    """What exceeds the limit, for a policy with these reasons to materialize."""
    renewed = AC.any_deps_updated()
    for rule in rules:
        if isinstance(rule, MaterializeOnCronRule):
            renewed = renewed | AC.cron_tick_passed(rule._told["cron_schedule"], rule._told["timezone"])
    made = _DISCARDS.setdefault((limit, renewed), DiscardOnMaxMaterializationsExceeded(limit, renewed))
    return made.with_label(made.description)
