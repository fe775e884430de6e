"""The sensor of automation conditions: which runs an evaluation of them asks for."""

from __future__ import annotations

from treadle._assets.keys import AssetCheckKey, AssetJobKey, AssetKey
from treadle._automation.requests import SENSOR_TAG, RunRequest
from treadle._automation.resolving import definitions_of
from treadle._automation.sensors import (
    DefaultSensorStatus,
    SensorDefinition,
    SensorExecutionData,
    SensorType,
)
from treadle._errors import CheckError, DagsterInvariantViolationError
from treadle._typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any

    from treadle._automation.evaluation import EvaluateAutomationConditionsResult
    from treadle._automation.sensor_context import SensorEvaluationContext
    from treadle._definitions.definitions import Definitions
    from treadle._typing import CoercibleToAssetSelection


class AutomationConditionSensorDefinition(SensorDefinition):
    """Evaluates the automation conditions of the selected assets, and requests what they hold for."""

    _type = SensorType.AUTOMATION

    def __init__(
        self,
        name: str,
        *,
        target: CoercibleToAssetSelection,
        tags: Mapping[str, str] | None = None,
        run_tags: Mapping[str, Any] | None = None,
        default_status: DefaultSensorStatus = DefaultSensorStatus.STOPPED,
        minimum_interval_seconds: int | None = None,
        description: str | None = None,
        metadata: Mapping[str, Any] | None = None,
        emit_backfills: bool = True,
        use_user_code_server: bool = False,
        default_condition: Any = None,
    ) -> None:
        if default_condition is not None and not use_user_code_server:
            raise CheckError(
                "Setting a `default_condition` for a non-user-code AutomationConditionSensorDefinition is not"
                " supported."
            )
        super().__init__(
            name,
            evaluation_fn=self._no_function,
            asset_selection=target,
            tags=tags,
            default_status=default_status,
            minimum_interval_seconds=minimum_interval_seconds,
            description=description,
            metadata=metadata,
        )
        self._run_tags = {k: str(v) for k, v in (run_tags or {}).items()}
        self._emit_backfills = emit_backfills
        self._default_condition = default_condition

    @staticmethod
    def _no_function(context: SensorEvaluationContext) -> Any:
        raise NotImplementedError(
            "Automation condition sensors are evaluated by evaluate_tick or `treadle automation tick`, not"
            " by calling them."
        )

    @property
    def run_tags(self) -> Mapping[str, str]:
        return dict(self._run_tags)

    @property
    def emit_backfills(self) -> bool:
        return self._emit_backfills

    @property
    def default_condition(self) -> Any:
        return self._default_condition

    def evaluate_tick(self, context: SensorEvaluationContext) -> SensorExecutionData:
        """One evaluation of the conditions; the sensor's cursor is theirs."""
        from treadle._automation.evaluation import (
            AssetDaemonCursor,
            EvaluateAutomationConditionsResult,
            evaluate,
            targets,
        )

        if context.repository_def is None:
            raise DagsterInvariantViolationError(
                f"Sensor '{self.name}' evaluates the conditions of definitions: give"
                " build_sensor_context(definitions=...)."
            )
        definitions = definitions_of(context.repository_def)
        cursor = AssetDaemonCursor.deserialize(context.cursor) if context.cursor else None
        only = targets(definitions, self._asset_selection)
        result = EvaluateAutomationConditionsResult(
            evaluate(definitions, context.instance, None, cursor, only, self._default_condition)
        )
        requests = requests_of(result, definitions, self._run_tags)
        skip = None if requests else "No conditions hold."
        return SensorExecutionData(
            [r._resolved({SENSOR_TAG: self.name}) for r in requests], skip, result.cursor.serialize(), [], []
        )


def requests_of(
    result: EvaluateAutomationConditionsResult, definitions: Definitions, run_tags: Mapping[str, str]
) -> list[RunRequest]:
    """The runs that an evaluation asks for: one for each partition of each definition of partitions."""
    subsets = result.requested_subsets
    checks = {spec.key: spec for spec in definitions._check_specs()}
    partitions = _partitions_by_key(definitions, checks.values())
    runs: dict[tuple[Any, str | None], list[Any]] = {}
    jobs = []
    for key in subsets:
        # A check goes with its asset where this is requested, too.
        of = key.asset_key if isinstance(key, AssetCheckKey) and key.asset_key in subsets else key
        keys = list(subsets[of]._core.keys()) if subsets[of].is_partitioned else [None]
        for partition in keys:
            if isinstance(key, AssetJobKey):
                jobs.append(RunRequest(job_name=key.job_name, partition_key=partition, tags=run_tags))
            else:
                runs.setdefault((partitions.get(of), partition), []).append(key)
    out = []
    for (definition, partition), together in runs.items():
        assets = [k for k in together if isinstance(k, AssetKey)]
        of_assets = [spec for spec in checks.values() if spec.asset_key in assets]
        named = [k for k in together if isinstance(k, AssetCheckKey)]
        # Those with a condition are evaluated when it holds; the others with every run of their asset.
        if any(spec.automation_condition is not None for spec in of_assets) or not named:
            always = [spec.key for spec in of_assets if spec.automation_condition is None]
            named = list(dict.fromkeys([*named, *always]))
        out.append(
            RunRequest(
                job_name="__ASSET_JOB",
                asset_selection=assets,
                partition_key=None if partition is None else _partition_key(definition, partition),
                tags=run_tags,
                asset_check_keys=named,
            )
        )
    return [*jobs, *sorted(out, key=lambda request: request.partition_key or "")]


def _partitions_by_key(definitions: Definitions, checks: Iterable[Any]) -> dict[Any, Any]:
    found: dict[Any, Any] = {spec.key: spec.partitions_def for spec in definitions.get_all_asset_specs()}
    for spec in checks:
        found[spec.key] = spec.partitions_def
    return found


def _partition_key(definition: Any, text: str) -> str:
    """With its dimensions, if it has some."""
    from treadle._partitions.multi import MultiPartitionsDefinition

    if isinstance(definition, MultiPartitionsDefinition):
        return definition.get_partition_key_from_str(text)
    return text
