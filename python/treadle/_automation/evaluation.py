"""Evaluating automation conditions once, for a given moment."""

from __future__ import annotations

from treadle._assets.keys import AssetCheckKey, AssetJobKey, AssetKey
from treadle._automation.context import EntitySubset, Explanation, key_of, text_of, to_micros
from treadle._typing import TYPE_CHECKING

if TYPE_CHECKING:
    import datetime
    from collections.abc import Mapping, Sequence
    from collections.abc import Set as AbstractSet

    from treadle import _core
    from treadle._assets.definition import AssetsDefinition
    from treadle._assets.selection import AssetSelection
    from treadle._automation.conditions import AutomationCondition
    from treadle._automation.context import AutomationResult
    from treadle._definitions.definitions import Definitions
    from treadle._run.instance import DagsterInstance


class AssetDaemonCursor:
    """What evaluations remember from one to the next; `serialize` makes a text of it."""

    __slots__ = ("_core",)

    def __init__(self, core: _core.AutomationCursor) -> None:
        self._core = core

    @staticmethod
    def empty(evaluation_id: int = 0) -> AssetDaemonCursor:
        from treadle import _core

        core = _core.AutomationCursor()
        core.evaluation_id = evaluation_id
        return AssetDaemonCursor(core)

    @property
    def evaluation_id(self) -> int:
        return self._core.evaluation_id

    def serialize(self) -> str:
        return self._core.to_json()

    @staticmethod
    def deserialize(text: str) -> AssetDaemonCursor:
        from treadle import _core

        return AssetDaemonCursor(_core.AutomationCursor.from_json(text))


class EvaluateAutomationConditionsResult:
    """What one evaluation requests, and why."""

    __slots__ = ("_core", "_requested", "_results")

    def __init__(self, core: _core.Evaluation) -> None:
        self._core = core
        self._results: list[AutomationResult] | None = None
        self._requested: Mapping[AssetKey | AssetCheckKey | AssetJobKey, EntitySubset] | None = None

    @property
    def cursor(self) -> AssetDaemonCursor:
        """For the next evaluation."""
        return AssetDaemonCursor(self._core.cursor)

    @property
    def total_requested(self) -> int:
        """How many asset partitions the conditions hold for."""
        return self._core.total

    @property
    def results(self) -> Sequence[AutomationResult]:
        """Of each target its condition with all sub-conditions: where each holds."""
        if self._results is None:
            self._results = [Explanation(self._core.explain(key)) for key, _ in self._core.results]
        return self._results

    @property
    def requested_subsets(self) -> Mapping[AssetKey | AssetCheckKey | AssetJobKey, EntitySubset]:
        """What is to be executed: with what can only be executed together with it."""
        if self._requested is None:
            self._requested = {key_of(k): EntitySubset(s) for k, s in self._core.requested}
        return self._requested

    def get_requested_partitions(self, asset_key: AssetKey) -> AbstractSet[str | None]:
        """The keys requested of an asset; `{None}` for an unpartitioned one."""
        subset = self.requested_subsets.get(asset_key)
        if subset is None:
            return set()
        return set(subset.expensively_compute_partition_keys()) if subset.is_partitioned else {None}

    def get_num_requested(self, asset_key: AssetKey) -> int:
        return len(self.get_requested_partitions(asset_key))

    def explain(self, key: AssetKey | AssetCheckKey | AssetJobKey | str) -> str:
        """The condition of a target as a tree for people, with what held for which partitions."""
        return self._core.explain_text(key if isinstance(key, str) else text_of(key))


def evaluate_automation_conditions(
    defs: Definitions | Sequence[AssetsDefinition],
    instance: DagsterInstance,
    asset_selection: AssetSelection | None = None,
    evaluation_time: datetime.datetime | None = None,
    cursor: AssetDaemonCursor | None = None,
) -> EvaluateAutomationConditionsResult:
    """Evaluates the conditions of the definitions once: for tests, and for looking. Nothing is executed.

    Hand the `cursor` of one result to the next evaluation; without it everything counts as seen for the first
    time.
    """
    from treadle._definitions.definitions import Definitions

    if not isinstance(defs, Definitions):
        defs = Definitions(assets=defs)
    only = targets(defs, asset_selection)
    return EvaluateAutomationConditionsResult(evaluate(defs, instance, evaluation_time, cursor, only))


def targets(defs: Definitions, selection: AssetSelection | None) -> list[str] | None:
    """The assets that are selected, their checks, and all jobs with a condition; None: everything."""
    if selection is None:
        return None
    keys = set(defs._core().select(selection._text))
    jobs = [job.name for job in defs._jobs if job.automation_condition is not None]
    return [
        *sorted(keys),
        *(text_of(c.key) for c in defs._check_specs() if c.asset_key.to_user_string() in keys),
        *(text_of(AssetJobKey(name)) for name in jobs),
    ]


def evaluate(
    defs: Definitions,
    instance: DagsterInstance,
    now: datetime.datetime | None,
    cursor: AssetDaemonCursor | None,
    only: Sequence[str] | None = None,
    otherwise: AutomationCondition | None = None,
) -> _core.Evaluation:
    from treadle import _clock, _core

    _clock.sync()
    micros = to_micros(now) if now is not None else round(_clock.timestamp() * 1e6)
    state = cursor._core if cursor is not None else _core.AutomationCursor()
    return _core.evaluate_automation(
        defs._core(),
        instance._home,
        micros,
        state,
        None if only is None else list(only),
        None if otherwise is None else otherwise._to_core(),
    )
