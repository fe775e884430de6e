"""What asset and check functions are told: AssetExecutionContext, AssetCheckExecutionContext."""

from __future__ import annotations

from treadle._assets.keys import AssetCheckKey, AssetKey
from treadle._errors import CheckError, DagsterInvariantViolationError
from treadle._events.events import AssetObservation, DataVersion
from treadle._events.metadata import normalize_metadata
from treadle._partitions.slices import PartitionsOfStep
from treadle._resources.context import Resources
from treadle._run.current import current
from treadle._run.log import DagsterLogManager
from treadle._typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any, TypeVar

    from treadle import _core
    from treadle._assets.definition import AssetsDefinition
    from treadle._assets.op_ref import OpRef
    from treadle._events.events import AssetCheckEvaluation, AssetMaterialization
    from treadle._events.expectation import ExpectationResult
    from treadle._events.metadata import MetadataValue
    from treadle._ops.handle import NodeHandle
    from treadle._run.instance import DagsterInstance, DagsterRun
    from treadle._run.steps import RunState
    from treadle._typing import CoercibleToAssetKey

    C = TypeVar("C", bound="_StepContext")


class _StepContext(PartitionsOfStep):
    # Says so to what reads annotations without importing this module.
    _treadle_context = True
    __slots__ = (
        "_assets_def",
        "_data_versions",
        "_handed",
        "_log",
        "_metadata",
        "_partition_metadata",
        "_resources",
        "_state",
        "_step",
    )
    _assets_def: AssetsDefinition
    _step: _core.Step

    def __init__(self, assets_def: AssetsDefinition, step: _core.Step, state: RunState | None) -> None:
        self._assets_def = assets_def
        self._step = step
        self._state = state
        self._log: DagsterLogManager | None = None
        self._resources: Resources | None = None
        self._metadata: dict[str, dict[str, MetadataValue]] | None = None
        self._data_versions: dict[AssetKey, DataVersion] | None = None
        # Outputs that have been handed over: "name", or "name[key]" of a dynamic one.
        self._handed: set[str] | None = None
        # By output and partition.
        self._partition_metadata: dict[str, dict[str, dict[str, MetadataValue]]] | None = None

    def _partitions_def_of_step(self) -> Any:
        return None if self._assets_def is None else self._assets_def._partitions_def_of(self._step)

    def _input_index(self, input_name: str) -> int:
        for index, given in enumerate(self._assets_def._inputs):
            if given.name == input_name or (not given.name and given.key.parts[-1] == input_name):
                return index
        raise CheckError(f"The input '{input_name}' has no corresponding asset")

    @property
    def log(self) -> DagsterLogManager:
        if self._log is None:
            self._log = DagsterLogManager(self._step)
        return self._log

    @property
    def resources(self) -> Any:
        if self._resources is None:
            step = self._step
            self._resources = Resources(
                lambda key: step.resource(key).value, self._assets_def._required_resource_keys
            )
        return self._resources

    @property
    def run_id(self) -> str:
        return self._step.run_id

    @property
    def job_name(self) -> str:
        return self._step.job_name

    @property
    def retry_number(self) -> int:
        """0 on the first attempt."""
        return self._step.retry_number

    @property
    def instance(self) -> DagsterInstance:
        from treadle._run.steps import instance_of

        return instance_of(self.run_id)

    @property
    def run(self) -> DagsterRun:
        from treadle._run.instance import DagsterRun, DagsterRunStatus

        state = self._state
        if state is None:
            recorded = self.instance.get_run_by_id(self.run_id)
            if recorded is not None:
                return recorded
        return DagsterRun(
            run_id=self.run_id,
            job_name=self.job_name,
            status=DagsterRunStatus.STARTED,
            tags=dict(state.tags) if state is not None else {},
            run_config=state.run_config if state is not None else {},
            root_run_id=state.root if state is not None else None,
            parent_run_id=state.parent if state is not None else None,
        )

    @property
    def dagster_run(self) -> DagsterRun:
        return self.run

    @property
    def run_tags(self) -> Mapping[str, str]:
        return dict(self._state.tags) if self._state is not None else self.run.tags

    @property
    def run_config(self) -> Mapping[str, Any]:
        return self._state.run_config if self._state is not None else self.run.run_config

    def has_tag(self, key: str) -> bool:
        return key in self.run_tags

    def get_tag(self, key: str) -> str | None:
        return self.run_tags.get(key)

    @property
    def op_config(self) -> Any:
        """What the run's configuration says under ops -> this step -> config, with everything filled in."""
        return _op_config(self._assets_def, self._state, self.run_config)

    @property
    def op(self) -> OpRef:
        return self._assets_def.op

    @property
    def op_def(self) -> OpRef:
        return self._assets_def.op

    @property
    def op_handle(self) -> NodeHandle:
        """Where the op is in the graphs of the job."""
        from treadle._ops.handle import NodeHandle

        return NodeHandle.from_string(self._step.step_key.partition("[")[0])

    @property
    def node_handle(self) -> NodeHandle:
        return self.op_handle

    @property
    def job_def(self) -> Any:
        """The job that runs; of `materialize` one of all its assets."""
        state = self._state
        if state is not None and state.job is not None:
            return state.job
        from treadle._definitions.definitions import Definitions

        if state is not None and state.declared is not None:
            items, resources = state.declared
            definitions = Definitions(assets=items, resources=dict(resources))
        else:
            from treadle._definitions import loader as of_command_line

            loaded = of_command_line.latest
            if loaded is None:
                raise CheckError(f"The definitions of job '{self.job_name}' are not known here.")
            definitions = loaded
        known = any(job.name == self.job_name for job in definitions._jobs)
        from treadle._assets.jobs import define_asset_job

        job = define_asset_job(self.job_name).resolve(definitions)
        return definitions.resolve_job_def(self.job_name) if known else job

    @property
    def repository_def(self) -> Any:
        """The definitions that the job belongs to."""
        definitions = getattr(self.job_def, "_definitions", None)
        if definitions is None:
            raise CheckError("No repository definition was set on the step context")
        return definitions.get_repository_def()

    def get_mapping_key(self) -> str | None:
        """Which value of a dynamic output this step runs for."""
        return None

    @property
    def pdb(self) -> Any:
        """A debugger at this place: `context.pdb.set_trace()`. For runs in this process."""
        import pdb  # noqa: T100

        return pdb.Pdb()

    def _as(self, kind: type[C]) -> C:
        """The same step's context of another kind."""
        if isinstance(self, kind):
            return self
        other = object.__new__(kind)
        for slot in _StepContext.__slots__:
            setattr(other, slot, getattr(self, slot))
        return other

    @property
    def assets_def(self) -> AssetsDefinition:
        return self._assets_def

    @property
    def has_assets_def(self) -> bool:
        return True

    @property
    def selected_asset_check_keys(self) -> set[AssetCheckKey]:
        return {c.key for i, c in enumerate(self._assets_def._check_specs) if self._step.check_selected(i)}

    def describe_op(self) -> str:
        return f'op "{self._step.step_key}"'


class _OutputsContext(_StepContext):
    """What the contexts of assets and of ops have in common."""

    __slots__ = ()

    @property
    def asset_key(self) -> AssetKey:
        if len(self._assets_def._outputs) != 1:
            raise DagsterInvariantViolationError(
                "Cannot call `context.asset_key` in a multi_asset with more than one asset. Use"
                " `context.asset_key_for_output` instead."
            )
        return self._assets_def.key

    def asset_key_for_output(self, output_name: str = "result") -> AssetKey:
        for output in self._assets_def._outputs:
            if output.name == output_name:
                return output.key
        raise CheckError(f"Failure condition: Output '{output_name}' has no asset")

    def asset_key_for_input(self, input_name: str) -> AssetKey:
        for given in self._assets_def._inputs:
            if given.name == input_name:
                return given.key
        raise DagsterInvariantViolationError(f"{self.describe_op()} has no input {input_name!r}.")

    def output_for_asset_key(self, asset_key: AssetKey) -> str:
        return self._assets_def.get_output_name_for_asset_key(asset_key)

    @property
    def selected_output_names(self) -> set[str]:
        return {o.name for i, o in enumerate(self._assets_def._outputs) if self._step.output_selected(i)}

    @property
    def selected_asset_keys(self) -> set[AssetKey]:
        return {o.key for i, o in enumerate(self._assets_def._outputs) if self._step.output_selected(i)}

    @property
    def is_subset(self) -> bool:
        return len(self.selected_output_names) < len(self._assets_def._outputs)

    def add_output_metadata(
        self, metadata: Mapping[str, Any], output_name: str | None = None, mapping_key: str | None = None
    ) -> None:
        """Adds to the materialization of an output that has not been handed over yet."""
        outputs = self._assets_def._outputs
        if output_name is None:
            if len(outputs) != 1:
                raise DagsterInvariantViolationError(
                    "Attempted to log metadata without providing output_name, but multiple outputs exist."
                    " Please provide an"
                    " output_name to the invocation of `context.add_output_metadata`."
                )
            output_name = outputs[0].name
        elif all(o.name != output_name for o in outputs):
            raise DagsterInvariantViolationError(
                f"Attempted to add metadata for the output {output_name!r}, which {self.describe_op()} does"
                " not have."
            )
        self._check_to_come(output_name)
        if self._metadata is None:
            self._metadata = {}
        self._metadata.setdefault(output_name, {}).update(normalize_metadata(metadata))

    def _check_to_come(self, output_name: str, mapping_key: str | None = None) -> None:
        """That an output has not been handed over yet."""
        place = output_name if mapping_key is None else f"{output_name}[{mapping_key}]"
        if self._handed is None or place not in self._handed:
            return
        key = "" if mapping_key is None else f" with mapping_key '{mapping_key}'"
        raise DagsterInvariantViolationError(
            f"In op '{self.op_def.name}', attempted to log output metadata for output"
            f" '{output_name}'{key} which has already been yielded. Metadata must be logged before the output"
            " is yielded."
        )

    def add_asset_metadata(
        self,
        metadata: Mapping[str, Any],
        asset_key: CoercibleToAssetKey | None = None,
        partition_key: str | None = None,
    ) -> None:
        """As add_output_metadata, by asset key."""
        if asset_key is None:
            if len(self._assets_def._outputs) != 1:
                raise DagsterInvariantViolationError(
                    "Cannot add metadata without an asset key: this function makes several assets."
                )
            asset_key = self._assets_def.key
        key = AssetKey.from_coercible(asset_key)
        if key not in self._assets_def.keys:
            raise DagsterInvariantViolationError(
                f"Cannot add metadata for asset key '{key.to_user_string()}' that is not being materialized"
            )
        output = self._assets_def.get_output_name_for_asset_key(key)
        if partition_key is None:
            self.add_output_metadata(metadata, output)
            return
        if not self.has_partitions or partition_key not in self.partition_keys:
            raise DagsterInvariantViolationError(
                f"Cannot add metadata for partition key '{partition_key}' that is not being materialized"
            )
        if self._partition_metadata is None:
            self._partition_metadata = {}
        by_key = self._partition_metadata.setdefault(output, {})
        by_key.setdefault(str(partition_key), {}).update(normalize_metadata(metadata))

    def get_output_metadata(
        self, output_name: str, mapping_key: str | None = None
    ) -> Mapping[str, Any] | None:
        return (self._metadata or {}).get(output_name)

    def set_data_version(self, asset_key: AssetKey, data_version: DataVersion) -> None:
        if self._data_versions is None:
            self._data_versions = {}
        self._data_versions[asset_key] = data_version

    def log_event(self, event: AssetMaterialization | AssetObservation | ExpectationResult) -> None:
        """Records a fact beside the function's own outputs."""
        report_fact(self._step, event)

    def load_asset_value(
        self, asset_key: AssetKey, *, python_type: type | None = None, partition_key: str | None = None
    ) -> Any:
        """The latest value of an asset, as its IO manager loads it."""
        from treadle._io.loading import AssetValueLoader

        state = self._state
        if state is not None and state.declared is not None:
            loader = AssetValueLoader(*state.declared, self.instance)
        else:
            from treadle._definitions import loader as of_command_line

            definitions = of_command_line.latest
            if definitions is None:
                return self.instance.load_asset_value(asset_key, partition_key=partition_key)
            loader = definitions.get_asset_value_loader(self.instance)
        with loader:
            return loader.load_asset_value(asset_key, python_type=python_type, partition_key=partition_key)

    def get_asset_provenance(self, asset_key: AssetKey) -> Any:
        return self.instance.get_asset_provenance(asset_key)


class AssetExecutionContext(_OutputsContext):
    """The first parameter of an asset function that asks for it."""

    __slots__ = ()

    @staticmethod
    def get() -> AssetExecutionContext:
        """The context of the step that runs now."""
        context = current.context
        if not isinstance(context, _OutputsContext):
            raise DagsterInvariantViolationError("No current AssetExecutionContext in scope.")
        return context._as(AssetExecutionContext)

    @property
    def op_execution_context(self) -> OpExecutionContext:
        return self._as(OpExecutionContext)

    def get_op_execution_context(self) -> OpExecutionContext:
        return self.op_execution_context


class OpExecutionContext(_OutputsContext):
    """The first parameter of an op's function that asks for it, and of an asset's or check's that says so in
    its annotation.
    """

    __slots__ = ()

    @staticmethod
    def get() -> OpExecutionContext:
        """The context of the step that runs now."""
        context = current.context
        if context is None:
            raise DagsterInvariantViolationError("No current OpExecutionContext in scope.")
        return context._as(OpExecutionContext)  # type: ignore[no-any-return]


# What functions are told that make values from configuration: the context of the op that needs the value.
DagsterTypeLoaderContext = OpExecutionContext


class AssetCheckExecutionContext(_StepContext):
    """The first parameter of a check function that asks for it."""

    __slots__ = ()

    @property
    def op_execution_context(self) -> OpExecutionContext:
        return self._as(OpExecutionContext)

    @staticmethod
    def get() -> AssetCheckExecutionContext:
        context = current.context
        if not isinstance(context, AssetCheckExecutionContext):
            raise DagsterInvariantViolationError("No current AssetCheckExecutionContext in scope.")
        return context

    @property
    def check_specs(self) -> Iterable[Any]:
        return list(self._assets_def._check_specs)

    @property
    def is_subset(self) -> bool:
        return len(self.selected_asset_check_keys) < len(self._assets_def._check_specs)


def _op_config(definition: AssetsDefinition, state: RunState | None, run_config: Mapping[str, Any]) -> Any:
    from treadle._config.run_schema import node_config

    name = definition._name
    if state is not None and state.checked is not None:
        return (state.checked["ops"].get(name) or {}).get("config")
    given = (run_config.get("ops") or {}).get(name) or {}
    return node_config(definition, given.get("config"), f'op "{name}"')


def config_of_asset(definition: AssetsDefinition, run_id: str) -> Any:
    """What the configuration of a run of this process says for the step of an asset."""
    from treadle._run.steps import states

    state = states.get(run_id)
    return _op_config(definition, state, state.run_config if state is not None else {})


def report_evaluation(step: _core.Step | _core.Home, evaluation: AssetCheckEvaluation) -> None:
    """A check's result that no step was planned to give."""
    import json

    from treadle._events.metadata import metadata_to_core

    step.report_event(
        "ASSET_CHECK_EVALUATION",
        evaluation.asset_key.to_user_string(),
        evaluation.partition or "",
        f"Asset check '{evaluation.check_name}' on '{evaluation.asset_key.to_user_string()}'"
        f" {'passed' if evaluation.passed else 'did not pass'}.",
        metadata_to_core(evaluation.metadata),
        json.dumps(
            {
                "check": evaluation.check_name,
                "passed": evaluation.passed,
                "severity": evaluation.severity.value,
                "blocking": evaluation.blocking,
                "description": evaluation.description or "",
            }
        ),
    )


def report_fact(
    step: _core.Step | _core.Home, event: AssetMaterialization | AssetObservation | ExpectationResult
) -> None:
    """AssetMaterialization, AssetObservation or ExpectationResult given by user code."""
    import json

    from treadle._events.events import AssetMaterialization
    from treadle._events.expectation import ExpectationResult, report_expectation
    from treadle._events.metadata import metadata_to_core

    if isinstance(event, ExpectationResult):
        report_expectation(step, event)  # type: ignore[arg-type]
        return
    if isinstance(event, AssetMaterialization):
        kind, message = "ASSET_MATERIALIZATION", f"Materialized value {event.label}."
    elif isinstance(event, AssetObservation):
        kind, message = "ASSET_OBSERVATION", f"Observed {event.label}."
    else:
        raise CheckError(
            f"Failure condition: Unexpected event {event!r}. Only AssetMaterialization, AssetObservation and"
            " ExpectationResult can be recorded."
        )
    if event.description:
        message = event.description
    rest: dict[str, object] = {"tags": dict(event.tags)} if event.tags else {}
    version = event.tags.get("dagster/data_version")
    if version is not None:
        if kind == "ASSET_MATERIALIZATION":
            rest["provenance"] = {"data_version": version}
        else:
            rest["data_version"] = version
    step.report_event(
        kind,
        event.asset_key.to_user_string(),
        event.partition or "",
        message,
        metadata_to_core(event.metadata),
        json.dumps(rest) if rest else "",
    )
