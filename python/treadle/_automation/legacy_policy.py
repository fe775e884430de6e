"""AutoMaterializePolicy: the older way to say when an asset is materialized by itself, made a condition."""

from __future__ import annotations

from enum import Enum
from functools import reduce

from treadle._automation.legacy_rules import (
    AutoMaterializeDecisionType,
    AutoMaterializeRule,
    MaterializeOnParentUpdatedRule,
    discard_beyond,
    never,
)
from treadle._errors import CheckError, ParameterCheckError
from treadle._typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from collections.abc import Set as AbstractSet

    from treadle._automation.conditions import AutomationCondition


class AutoMaterializePolicyType(Enum):
    EAGER = "EAGER"
    LAZY = "LAZY"


class AutoMaterializePolicy:
    """Rules of which one must say materialize and none skip. New code says `automation_condition=`.

        @asset(auto_materialize_policy=AutoMaterializePolicy.eager())

    Of more than `max_materializations_per_minute` partitions at once all but the newest are left alone until
    there is another reason to materialize them.
    """

    __slots__ = ("asset_condition", "max_materializations_per_minute", "rules")

    def __init__(
        self,
        rules: AbstractSet[AutoMaterializeRule],
        max_materializations_per_minute: int | None = 1,
        asset_condition: AutomationCondition | None = None,
    ) -> None:
        if max_materializations_per_minute is not None and max_materializations_per_minute <= 0:
            raise CheckError(
                "Invariant failed. Description: max_materializations_per_minute must be positive. To disable"
                " rate-limiting, set it to None. To disable auto materializing, remove the policy."
            )
        if bool(rules) == bool(asset_condition):
            raise ParameterCheckError(
                "Invariant violation for parameter asset_condition. Description: Must specify exactly one of"
                " `rules` or `asset_condition`."
            )
        if asset_condition is not None and max_materializations_per_minute is not None:
            raise ParameterCheckError(
                "Invariant violation for parameter max_materializations_per_minute. Description:"
                " `max_materializations_per_minute` is not supported when using `asset_condition`."
            )
        for rule in rules:
            if not isinstance(rule, AutoMaterializeRule):
                raise CheckError(
                    f"Member of set mismatches type. Expected AutoMaterializeRule, got {rule!r}."
                )
        self.rules = frozenset(rules)
        self.max_materializations_per_minute = max_materializations_per_minute
        self.asset_condition = asset_condition

    @staticmethod
    def eager(max_materializations_per_minute: int | None = 1) -> AutoMaterializePolicy:
        """What is missing, and what follows something that was updated."""
        rule = AutoMaterializeRule
        return AutoMaterializePolicy(
            {
                rule.materialize_on_missing(),
                rule.materialize_on_parent_updated(),
                *AutoMaterializePolicy.lazy().rules,
            },
            max_materializations_per_minute,
        )

    @staticmethod
    def lazy(max_materializations_per_minute: int | None = 1) -> AutoMaterializePolicy:
        """What a legacy freshness policy asks for: nothing, as there are none; add rules to it."""
        rule = AutoMaterializeRule
        return AutoMaterializePolicy(
            {
                rule.materialize_on_required_for_freshness(),
                rule.skip_on_parent_outdated(),
                rule.skip_on_parent_missing(),
                rule.skip_on_required_but_nonexistent_parents(),
                rule.skip_on_backfill_in_progress(),
            },
            max_materializations_per_minute,
        )

    @staticmethod
    def from_automation_condition(automation_condition: AutomationCondition) -> AutoMaterializePolicy:
        return AutoMaterializePolicy(set(), None, automation_condition)

    @property
    def materialize_rules(self) -> AbstractSet[AutoMaterializeRule]:
        return {r for r in self.rules if r.decision_type is AutoMaterializeDecisionType.MATERIALIZE}

    @property
    def skip_rules(self) -> AbstractSet[AutoMaterializeRule]:
        return {r for r in self.rules if r.decision_type is AutoMaterializeDecisionType.SKIP}

    @property
    def policy_type(self) -> AutoMaterializePolicyType:
        eager = MaterializeOnParentUpdatedRule(updated_parent_filter=None) in self.rules
        return AutoMaterializePolicyType.EAGER if eager else AutoMaterializePolicyType.LAZY

    def without_rules(self, *rules_to_remove: AutoMaterializeRule) -> AutoMaterializePolicy:
        """The same without these rules, which must be among its own."""
        strange = [r for r in rules_to_remove if r not in self.rules]
        if strange:
            raise ParameterCheckError(
                "Invariant violation for parameter rules_to_remove. Description: Rules"
                f" {strange} do not exist in this policy."
            )
        return self._with(self.rules - set(rules_to_remove))

    def with_rules(self, *rules_to_add: AutoMaterializeRule) -> AutoMaterializePolicy:
        """The same with these rules, in the place of those of the same kind."""
        kinds = {type(r) for r in rules_to_add}
        return self._with({*rules_to_add, *(r for r in self.rules if type(r) not in kinds)})

    def _with(self, rules: Iterable[AutoMaterializeRule]) -> AutoMaterializePolicy:
        return AutoMaterializePolicy(
            frozenset(rules), self.max_materializations_per_minute, self.asset_condition
        )

    def to_automation_condition(self) -> AutomationCondition:
        """`(m1 | m2 ...) & ~(s1 | s2 ...) & ~discard` of its rules."""
        if self.asset_condition is not None:
            return self.asset_condition
        made = _any_of(self.materialize_rules) or never()
        skipped = _any_of(self.skip_rules)
        if skipped is not None:
            made = made & ~skipped
        if self.max_materializations_per_minute is not None:
            made = made & ~discard_beyond(self.max_materializations_per_minute, self.materialize_rules)
        return made

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, AutoMaterializePolicy):
            return NotImplemented
        return self.to_automation_condition() == other.to_automation_condition()

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        if self.asset_condition is not None:
            return f"AutoMaterializePolicy.from_automation_condition({self.asset_condition!r})"
        rules = sorted(map(repr, self.rules))
        return f"AutoMaterializePolicy({{{', '.join(rules)}}}, {self.max_materializations_per_minute})"


def _any_of(rules: Iterable[AutoMaterializeRule]) -> AutomationCondition | None:
    conditions = [r.to_asset_condition() for r in sorted(rules, key=lambda r: r.description)]
    return reduce(lambda a, b: a | b, conditions) if conditions else None
