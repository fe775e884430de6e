"""AutomationCondition: when an asset or a check is executed by itself. What a condition means is decided in
the core (src/define, src/automate); these classes put conditions together under Dagster's names.
"""

from __future__ import annotations

from treadle._assets.keys import AssetKey
from treadle._errors import CheckError, ParameterCheckError
from treadle._typing import TYPE_CHECKING

if TYPE_CHECKING:
    import datetime
    from collections.abc import Mapping, Sequence
    from collections.abc import Set as AbstractSet
    from typing import Any

    from treadle import _core
    from treadle._assets.selection import AssetSelection
    from treadle._automation.context import AutomationContext, AutomationResult
    from treadle._automation.legacy_policy import AutoMaterializePolicy
    from treadle._typing import CoercibleToAssetKey


def _plain(name: str) -> AutomationCondition:
    from treadle._core import Condition

    return wrap(Condition.plain(name))


def _check_cron(cron: str, timezone: str) -> None:
    from treadle._automation.cron import parse_cron

    parse_cron(cron, timezone, lambda why: ParameterCheckError(f"Invalid cron schedule: {cron}. {why}"))


class AutomationCondition:
    """A condition of an asset or check; `&`, `|` and `~` combine them.

    Write your own by subclassing: `evaluate(context)` returns an AutomationResult.
    """

    _node: _core.Condition | None = None

    def _to_core(self) -> _core.Condition:
        if self._node is None:
            from treadle._core import Condition

            # Subclasses may be frozen.
            object.__setattr__(self, "_node", Condition.custom(self))
        assert self._node is not None
        return self._node

    # --- what it is

    @property
    def name(self) -> str:
        return type(self).__name__ if self._is_custom else self._to_core().name

    @property
    def _is_custom(self) -> bool:
        return type(self).evaluate is not AutomationCondition.evaluate

    @property
    def description(self) -> str:
        return "" if self._is_custom else self._to_core().description

    @property
    def label(self) -> str | None:
        return None if self._is_custom and self._node is None else self._to_core().label

    def get_label(self) -> str | None:
        return self.label

    @property
    def children(self) -> Sequence[AutomationCondition]:
        return [] if self._is_custom else [wrap(c) for c in self._to_core().children]

    @property
    def operands(self) -> Sequence[AutomationCondition]:
        return self.children

    @property
    def operand(self) -> AutomationCondition:
        if len(self.children) != 1:
            raise AttributeError(f"{self!r} has {len(self.children)} operands, not one.")
        return self.children[0]

    @property
    def operator_type(self) -> str:
        return self._to_core().operator_type

    @property
    def requires_cursor(self) -> bool:
        return True

    def as_auto_materialize_policy(self) -> AutoMaterializePolicy:
        """The older way to say it."""
        from treadle._automation.legacy_policy import AutoMaterializePolicy

        return AutoMaterializePolicy.from_automation_condition(self)

    def get_unique_id(self, *, parent_node_unique_id: str | None = None, index: int | None = None) -> str:
        return f"{self._to_core().identity:016x}"

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.name if self._is_custom else self._to_core().text})"

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, AutomationCondition):
            return NotImplemented
        return self is other or self._to_core().equals(other._to_core())

    def __hash__(self) -> int:
        return hash(self._to_core().identity)

    def evaluate(self, context: AutomationContext) -> AutomationResult:
        """Where it holds, for conditions of your own."""
        raise CheckError(
            f"{self!r} is evaluated by Treadle itself: use evaluate_automation_conditions, or inside of a"
            " condition of your own context.for_child_condition(...).evaluate()."
        )

    # --- operators

    def __and__(self, other: AutomationCondition) -> AndAutomationCondition:
        both = wrap(self._to_core().both(_condition(other)))
        assert isinstance(both, AndAutomationCondition)
        return both

    def __or__(self, other: AutomationCondition) -> AutomationCondition:
        return wrap(self._to_core().either(_condition(other)))

    def __invert__(self) -> AutomationCondition:
        return wrap(self._to_core().negated())

    def since(self, reset_condition: AutomationCondition) -> AutomationCondition:
        """True where this has become true since `reset_condition` last was."""
        return wrap(self._to_core().since(_condition(reset_condition)))

    def since_last_handled(self) -> AutomationCondition:
        """True where this has become true since the target was last requested or updated."""
        return wrap(self._to_core().since_last_handled())

    def newly_true(self) -> AutomationCondition:
        """True where this was false at the evaluation before."""
        return wrap(self._to_core().newly_true())

    def with_label(self, label: str | None) -> AutomationCondition:
        return wrap(self._to_core().with_label(label))

    def replace(self, old: AutomationCondition | str, new: AutomationCondition) -> AutomationCondition:
        """The same with every sub-condition that is `old`, or has that name or label, replaced."""
        node = self._to_core()
        if isinstance(old, str):
            return wrap(node.replace_named(old, _condition(new)))
        return wrap(node.replace(_condition(old), _condition(new)))

    def allow(self, selection: AssetSelection) -> AutomationCondition:
        """The same, with only these dependencies counting."""
        return wrap(self._to_core().allow(_selection(selection)))

    def ignore(self, selection: AssetSelection) -> AutomationCondition:
        """The same, with these dependencies not counting."""
        return wrap(self._to_core().ignore(_selection(selection)))

    # --- over other assets and checks

    @staticmethod
    def asset_matches(key: CoercibleToAssetKey, condition: AutomationCondition) -> AutomationCondition:
        """True if the condition is true for the given asset."""
        from treadle._core import Condition

        return wrap(Condition.asset_matches(AssetKey.from_coercible(key).parts, _condition(condition)))

    @staticmethod
    def any_deps_match(condition: AutomationCondition) -> AutomationCondition:
        """True where the condition holds for some partition of any dependency."""
        from treadle._core import Condition

        return wrap(Condition.any_deps_match(_condition(condition)))

    @staticmethod
    def all_deps_match(condition: AutomationCondition) -> AutomationCondition:
        """True where the condition holds for some partition of each dependency."""
        from treadle._core import Condition

        return wrap(Condition.all_deps_match(_condition(condition)))

    @staticmethod
    def any_checks_match(condition: AutomationCondition, blocking_only: bool = False) -> AutomationCondition:
        """True if the condition is true for one of the asset's checks."""
        from treadle._core import Condition

        return wrap(Condition.any_checks_match(_condition(condition), blocking_only))

    @staticmethod
    def all_checks_match(condition: AutomationCondition, blocking_only: bool = False) -> AutomationCondition:
        """True if the condition is true for all of the asset's checks."""
        from treadle._core import Condition

        return wrap(Condition.all_checks_match(_condition(condition), blocking_only))

    @staticmethod
    def any_job_root_assets_match(condition: AutomationCondition) -> AutomationCondition:
        """Of a job: true if the condition is for one of its assets that read no other of them."""
        from treadle._core import Condition

        return wrap(Condition.any_job_root_assets_match(_condition(condition)))

    @staticmethod
    def all_job_root_assets_match(condition: AutomationCondition) -> AutomationCondition:
        """Of a job: true if the condition is for all of its assets that read no other of them."""
        from treadle._core import Condition

        return wrap(Condition.all_job_root_assets_match(_condition(condition)))

    @staticmethod
    def any_downstream_conditions() -> AutomationCondition:
        """True where a condition of anything downstream is."""
        return _plain("any_downstream_conditions")

    # --- operands

    @staticmethod
    def missing() -> AutomationCondition:
        """Never executed."""
        return _plain("missing")

    @staticmethod
    def run_in_progress() -> AutomationCondition:
        """Part of a run that has not executed it yet."""
        return _plain("run_in_progress")

    @staticmethod
    def backfill_in_progress() -> AutomationCondition:
        """Part of a backfill that has not executed it yet."""
        return _plain("backfill_in_progress")

    @staticmethod
    def in_progress() -> AutomationCondition:
        """Part of a run or backfill that has not executed it yet."""
        return _plain("in_progress")

    @staticmethod
    def execution_failed() -> AutomationCondition:
        """The latest run that was to execute it failed."""
        return _plain("execution_failed")

    @staticmethod
    def will_be_requested() -> AutomationCondition:
        """Requested by this very evaluation."""
        return _plain("will_be_requested")

    @staticmethod
    def newly_requested() -> AutomationCondition:
        """Requested by the evaluation before."""
        return _plain("newly_requested")

    @staticmethod
    def newly_updated() -> AutomationCondition:
        """Materialized, observed anew or checked since the evaluation before."""
        return _plain("newly_updated")

    @staticmethod
    def newly_missing() -> AutomationCondition:
        """Missing, and not so at the evaluation before."""
        return _plain("newly_missing")

    @staticmethod
    def data_version_changed() -> AutomationCondition:
        """Its data version is another than at the evaluation before."""
        return _plain("data_version_changed")

    @staticmethod
    def code_version_changed() -> AutomationCondition:
        """Its code version is another than at the evaluation before."""
        return _plain("code_version_changed")

    @staticmethod
    def initial_evaluation() -> AutomationCondition:
        """This is the first evaluation of the target."""
        return _plain("initial_evaluation")

    @staticmethod
    def executed_with_root_target() -> AutomationCondition:
        """Its latest run executed the asset that the whole condition is of, too."""
        return _plain("executed_with_root_target")

    @staticmethod
    def check_passed() -> AutomationCondition:
        """The check has passed for the latest materialization."""
        return _plain("check_passed")

    @staticmethod
    def check_failed() -> AutomationCondition:
        """The check has failed for the latest materialization."""
        return _plain("check_failed")

    @staticmethod
    def freshness_passed() -> AutomationCondition:
        """Its freshness policy passes."""
        return _plain("freshness_passed")

    @staticmethod
    def freshness_warned() -> AutomationCondition:
        """Its freshness policy warns."""
        return _plain("freshness_warned")

    @staticmethod
    def freshness_failed() -> AutomationCondition:
        """Its freshness policy fails."""
        return _plain("freshness_failed")

    @staticmethod
    def cron_tick_passed(cron_schedule: str, cron_timezone: str = "UTC") -> AutomationCondition:
        """A tick of the schedule has passed since the evaluation before."""
        from treadle._core import Condition

        _check_cron(cron_schedule, cron_timezone)
        return wrap(Condition.cron_tick_passed(cron_schedule, cron_timezone))

    @staticmethod
    def in_latest_time_window(lookback_delta: datetime.timedelta | None = None) -> AutomationCondition:
        """In the latest time window, or within `lookback_delta` of its end."""
        from treadle._core import Condition

        micros = 0
        if lookback_delta is not None:
            micros = (
                lookback_delta.days * 86_400 + lookback_delta.seconds
            ) * 1_000_000 + lookback_delta.microseconds
        return wrap(Condition.in_latest_time_window(micros))

    @staticmethod
    def executed_with_tags(
        *, tag_keys: AbstractSet[str] | None = None, tag_values: Mapping[str, str] | None = None
    ) -> AutomationCondition:
        """Its latest run has these tags."""
        from treadle._core import Condition

        return wrap(Condition.executed_with_tags(_keys(tag_keys), _values(tag_values)))

    @staticmethod
    def any_new_update_has_run_tags(
        *, tag_keys: AbstractSet[str] | None = None, tag_values: Mapping[str, str] | None = None
    ) -> AutomationCondition:
        """One of the runs that updated it since the evaluation before has these tags."""
        from treadle._core import Condition

        return wrap(Condition.any_new_update_has_run_tags(_keys(tag_keys), _values(tag_values)))

    @staticmethod
    def all_new_updates_have_run_tags(
        *, tag_keys: AbstractSet[str] | None = None, tag_values: Mapping[str, str] | None = None
    ) -> AutomationCondition:
        """All runs that updated it since the evaluation before have these tags."""
        from treadle._core import Condition

        return wrap(Condition.all_new_updates_have_run_tags(_keys(tag_keys), _values(tag_values)))

    # --- whole conditions

    @staticmethod
    def any_deps_updated() -> AutomationCondition:
        """A dependency was updated since the evaluation before, or will be by this one."""
        return _plain("any_deps_updated")

    @staticmethod
    def any_deps_missing() -> AutomationCondition:
        """A dependency is missing, and will not be requested by this evaluation."""
        return _plain("any_deps_missing")

    @staticmethod
    def any_deps_in_progress() -> AutomationCondition:
        """A dependency is in progress."""
        return _plain("any_deps_in_progress")

    @staticmethod
    def all_deps_blocking_checks_passed() -> AutomationCondition:
        """All blocking checks of all dependencies have passed, or will be requested."""
        return _plain("all_deps_blocking_checks_passed")

    @staticmethod
    def all_deps_updated_since_cron(cron_schedule: str, cron_timezone: str = "UTC") -> AutomationCondition:
        """All dependencies were updated since the latest tick of the schedule."""
        from treadle._core import Condition

        _check_cron(cron_schedule, cron_timezone)
        return wrap(Condition.all_deps_updated_since_cron(cron_schedule, cron_timezone))

    @staticmethod
    def eager() -> AndAutomationCondition:
        """Whenever a dependency is updated, and what becomes missing; not while a dependency is missing or
        anything is in progress. Of time windows only the latest.
        """
        return _plain("eager")  # type: ignore[return-value]

    @staticmethod
    def on_cron(cron_schedule: str, cron_timezone: str = "UTC") -> AndAutomationCondition:
        """After each tick of the schedule, once all dependencies were updated since. Of time windows only the
        latest.
        """
        from treadle._core import Condition

        _check_cron(cron_schedule, cron_timezone)
        return wrap(Condition.on_cron(cron_schedule, cron_timezone))  # type: ignore[return-value]

    @staticmethod
    def on_missing() -> AndAutomationCondition:
        """What becomes missing after the first evaluation, once no dependency is. Of time windows only the
        latest.
        """
        return _plain("on_missing")  # type: ignore[return-value]


class AndAutomationCondition(AutomationCondition):
    """All of its operands."""

    def without(self, condition: AutomationCondition) -> AndAutomationCondition:
        """The same without one of its operands."""
        return wrap(self._to_core().without(_condition(condition)))  # type: ignore[return-value]


class OrAutomationCondition(AutomationCondition):
    """Any of its operands."""


class NotAutomationCondition(AutomationCondition):
    """Not its operand."""


class SinceCondition(AutomationCondition):
    """Its trigger since its reset."""

    @property
    def trigger_condition(self) -> AutomationCondition:
        return self.children[0]

    @property
    def reset_condition(self) -> AutomationCondition:
        return self.children[1]


class NewlyTrueCondition(AutomationCondition):
    """Its operand, where it was false before."""


class AnyDepsCondition(AutomationCondition):
    """Its operand for any dependency."""


class AllDepsCondition(AutomationCondition):
    """Its operand for each dependency."""


_CLASSES: dict[str, type[AutomationCondition]] = {
    c.__name__: c
    for c in (
        AndAutomationCondition,
        OrAutomationCondition,
        NotAutomationCondition,
        SinceCondition,
        NewlyTrueCondition,
        AnyDepsCondition,
        AllDepsCondition,
    )
}


def wrap(node: _core.Condition) -> AutomationCondition:
    """The core's condition under the name of its class."""
    condition = object.__new__(_CLASSES.get(node.class_name, AutomationCondition))
    condition._node = node
    return condition


def _condition(condition: AutomationCondition) -> _core.Condition:
    if not isinstance(condition, AutomationCondition):
        raise CheckError(f"{condition!r} is no AutomationCondition.")
    return condition._to_core()


def _selection(selection: AssetSelection) -> str:
    from treadle._assets.selection import AssetSelection

    if not isinstance(selection, AssetSelection):
        raise CheckError(
            "allow() and ignore() take an AssetSelection, such as AssetSelection.keys('x'), not"
            f" {selection!r}."
        )
    return selection._text


def _keys(keys: AbstractSet[str] | None) -> list[str] | None:
    return None if keys is None else sorted(keys)


def _values(values: Mapping[str, str] | None) -> dict[str, Any] | None:
    return None if values is None else dict(values)
