"""What a run in this process gives back."""

from __future__ import annotations

from treadle._assets.keys import AssetKey
from treadle._errors import CheckError, DagsterInvariantViolationError
from treadle._events.dagster_event import DagsterEvent, DagsterEventType
from treadle._typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import Any

    from typing_extensions import Self

    from treadle._assets.definition import AssetsDefinition
    from treadle._events.events import AssetCheckEvaluation, AssetMaterialization, AssetObservation
    from treadle._events.expectation import ExpectationResult
    from treadle._run.instance import DagsterInstance, DagsterRun
    from treadle._typing import CoercibleToAssetKey

_NOT_RETURNED = ("LOG", "ASSET_MATERIALIZATION_PLANNED", "ASSET_CHECK_EVALUATION_PLANNED")


class ExecuteInProcessResult:
    """How a run went: its success, its events, the values it made. Keeps the home open as long as it
    lives.
    """

    def __init__(
        self,
        run_id: str,
        status: str,
        instance: DagsterInstance,
        definitions: Sequence[AssetsDefinition],
        step_keys: Sequence[str],
        capture: Mapping[tuple[str, str], Any],
    ) -> None:
        self._run_id = run_id
        self._status = status
        self._instance = instance
        self._definitions = {d._name: d for d in definitions}
        self._step_keys = list(step_keys)
        self._capture = capture
        self._events: list[DagsterEvent] | None = None
        self._job: Any = None  # of `materialize`: made when asked for

    def __repr__(self) -> str:
        return f"<ExecuteInProcessResult run {self._run_id} {self._status}>"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        """Nothing: the home stays open as long as the result lives."""

    @property
    def success(self) -> bool:
        return self._status == "SUCCESS"

    @property
    def job_def(self) -> Any:
        """The job that ran; of `materialize` one of all its assets."""
        if self._job is None:
            from treadle._assets.jobs import define_asset_job
            from treadle._definitions.definitions import Definitions

            job = define_asset_job(self._job_name())
            self._job = job.resolve(Definitions(assets=list(self._definitions.values())))
        return self._job

    @property
    def run_id(self) -> str:
        return self._run_id

    @property
    def dagster_run(self) -> DagsterRun:
        run = self._instance.get_run_by_id(self._run_id)
        if run is None:
            raise DagsterInvariantViolationError(f"Run {self._run_id} is no longer in the record.")
        return run

    # --- events

    def _all(self) -> list[DagsterEvent]:
        if self._events is None:
            told = self._instance._home.events(self._run_id, "", [], 0, 0, False)
            job_name = self._job_name()
            self._events = [DagsterEvent.of(raw, job_name, self._instance._home) for raw in told]
        return self._events

    @property
    def all_events(self) -> Sequence[DagsterEvent]:
        return [e for e in self._all() if e._name not in _NOT_RETURNED]

    @property
    def all_node_events(self) -> Sequence[DagsterEvent]:
        return [e for e in self.all_events if e.is_step_event]

    def filter_events(self, event_filter: Callable[[DagsterEvent], bool]) -> Sequence[DagsterEvent]:
        return [e for e in self.all_events if event_filter(e)]

    def _named(self, name: str) -> Sequence[DagsterEvent]:
        return [e for e in self._all() if e._name == name]

    def events_for_node(self, node_name: str) -> Sequence[DagsterEvent]:
        """Of the steps of an op, or of all in a graph; "outer.inner" is inside of another one."""
        return [e for e in self.all_events if _is_of(e, node_name)]

    def _check_node(self, node_name: str) -> None:
        if node_name.partition(".")[0] not in self._definitions:
            raise DagsterInvariantViolationError(f"{self._job_name()} has no op named {node_name}.")

    def _job_name(self) -> str:
        return self.dagster_run.job_name

    def get_asset_materialization_events(self) -> Sequence[DagsterEvent]:
        return self._named("ASSET_MATERIALIZATION")

    def get_asset_materialization_planned_events(self) -> Sequence[DagsterEvent]:
        return self._named("ASSET_MATERIALIZATION_PLANNED")

    def get_asset_observation_events(self) -> Sequence[DagsterEvent]:
        return self._named("ASSET_OBSERVATION")

    def get_asset_check_evaluations(self) -> Sequence[AssetCheckEvaluation]:
        return [e.asset_check_evaluation_data for e in self._named("ASSET_CHECK_EVALUATION")]

    def get_step_success_events(self) -> Sequence[DagsterEvent]:
        return self._named("STEP_SUCCESS")

    def get_step_failure_events(self) -> Sequence[DagsterEvent]:
        return self._named("STEP_FAILURE")

    def get_step_skipped_events(self) -> Sequence[DagsterEvent]:
        return self._named("STEP_SKIPPED")

    def get_failed_step_keys(self) -> set[str]:
        failed = (*self._named("STEP_FAILURE"), *self._named("RESOURCE_INIT_FAILURE"))
        return {e.step_key for e in failed if e.step_key is not None}

    def get_run_success_event(self) -> DagsterEvent:
        return self._only("RUN_SUCCESS")

    def get_run_failure_event(self) -> DagsterEvent:
        return self._only("RUN_FAILURE")

    def _only(self, name: str) -> DagsterEvent:
        found = self._named(name)
        if not found:
            raise DagsterInvariantViolationError(
                f"Could not find event {DagsterEventType[name].value} in run {self._run_id}."
            )
        return found[0]

    def asset_materializations_for_node(self, node_name: str) -> Sequence[AssetMaterialization]:
        return [e.materialization for e in self.get_asset_materialization_events() if _is_of(e, node_name)]

    def asset_observations_for_node(self, node_name: str) -> Sequence[AssetObservation]:
        found = (e for e in self.get_asset_observation_events() if _is_of(e, node_name))
        return [e.event_specific_data.asset_observation for e in found]

    def _has(self, node: str, name: str) -> bool:
        self._check_node(node)
        return any(_is_of(e, node) for e in self._named(name))

    def is_node_success(self, node_str: str) -> bool:
        return self._has(node_str, "STEP_SUCCESS")

    def is_node_failed(self, node_str: str) -> bool:
        return self._has(node_str, "STEP_FAILURE")

    def is_node_skipped(self, node_str: str) -> bool:
        return self._has(node_str, "STEP_SKIPPED")

    def is_node_untouched(self, node_str: str) -> bool:
        self._check_node(node_str)
        return not any(_is_of(e, node_str) for e in self.all_events)

    def retry_attempts_for_node(self, node_str: str) -> int:
        self._check_node(node_str)
        return sum(1 for e in self._named("STEP_RESTARTED") if _is_of(e, node_str))

    def failure_data_for_node(self, node_str: str) -> Any:
        self._check_node(node_str)
        for event in self._named("STEP_FAILURE"):
            if _is_of(event, node_str):
                return event.step_failure_data
        return None

    def expectation_results_for_node(self, node_str: str) -> Sequence[ExpectationResult]:
        self._check_node(node_str)
        found = (e for e in self._named("STEP_EXPECTATION_RESULT") if _is_of(e, node_str))
        return [e.event_specific_data.expectation_result for e in found]

    # --- values

    def output_for_node(self, node_str: str, output_name: str = "result") -> Any:
        """What a function handed over."""
        self._check_node(node_str)
        if node_str not in self._definitions:
            return self._inside(node_str, output_name)
        output = next((o for o in self._definitions[node_str]._outputs if o.name == output_name), None)
        if output is None:
            raise DagsterInvariantViolationError(
                f"Output '{output_name}' is not defined on node '{node_str}'."
            )
        return self._value(*self._definitions[node_str]._step_of(output_name), output.key)

    def _inside(self, node_str: str, output_name: str) -> Any:
        """What a node inside of a graph of assets handed over."""
        first, *path = node_str.split(".")
        node: Any = self._definitions[first].node_def
        for part in path:
            if part not in getattr(node, "_nodes", {}):
                raise DagsterInvariantViolationError(f"{node._name} has no op named {part}.")
            node = node._nodes[part].definition
        step, output = steps_output(node, node_str, output_name)
        return captured(self._capture, step, output, node_str)

    def asset_value(self, asset_key: CoercibleToAssetKey) -> Any:
        """What was made of an asset."""
        key = AssetKey.from_coercible(asset_key)
        for definition in self._definitions.values():
            for output in definition._outputs:
                if output.key == key:
                    return self._value(*definition._step_of(output.name), key)
        raise CheckError(f"Asset {key.to_user_string()!r} is not made by the definitions of this run.")

    def output_value(self, output_name: str = "result") -> Any:
        return self.output_for_node(self._step_keys[-1], output_name)

    def _value(self, step: str, output: str, key: AssetKey) -> Any:
        if (step, output) in self._capture:
            return self._capture[(step, output)]
        if step not in self._step_keys or not any(
            e.asset_key == key for e in self.get_asset_materialization_events()
        ):
            raise DagsterInvariantViolationError(
                f"No outputs found for output '{output}' from node '{step}'."
            )
        return self._instance.load_asset_value(key, self._run_id)


def _is_of(event: DagsterEvent, node: str) -> bool:
    step = (event.step_key or "").partition("[")[0]
    return step == node or step.startswith(node + ".")


def steps_output(node: Any, path: str, output_name: str) -> tuple[str, str]:
    """The step of the op that makes an output of a node at this path, and what it calls the output."""
    while True:
        output = next((o for o in node._outputs if o.name == output_name), None)
        if output is None:
            raise DagsterInvariantViolationError(f"{node._name} has no output named {output_name}.")
        if not hasattr(output, "node"):
            return path, output_name
        path, output_name = f"{path}.{output.node}", output.output
        node = node._nodes[output.node].definition


def captured(values: Mapping[tuple[str, str], Any], step: str, output: str, told: str) -> Any:
    """What a step handed over; a dict by mapping key when it ran for each value of a dynamic output."""
    if (step, output) in values:
        return values[(step, output)]
    begin = step + "["
    mapped = {
        key[len(begin) : -1]: value
        for (key, name), value in values.items()
        if name == output and key.startswith(begin)
    }
    if mapped:
        return mapped
    raise DagsterInvariantViolationError(f"No outputs found for output '{output}' from node '{told}'.")
