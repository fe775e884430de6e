"""IO managers: what stores a function's output and loads it as another's input, and what they are told."""

from __future__ import annotations

from treadle._assets.keys import AssetKey
from treadle._errors import (
    CheckError,
    DagsterError,
    DagsterInvalidDefinitionError,
    DagsterInvalidMetadata,
    DagsterInvariantViolationError,
)
from treadle._events.metadata import metadata_from_json, metadata_to_core, normalize_metadata
from treadle._io.definition import IInputManagerDefinition, InputManager
from treadle._io.of_step import run_key_of, said_of, slice_of
from treadle._io.type_ref import DagsterTypeRef, type_of_input
from treadle._resources.building import ResourceHolder
from treadle._resources.context import Resources
from treadle._typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from treadle import _core
    from treadle._assets.specs import AssetSpec
    from treadle._events.events import AssetMaterialization, AssetObservation
    from treadle._events.metadata import MetadataValue
    from treadle._partitions.keys import PartitionKeyRange
    from treadle._partitions.slices import Slice
    from treadle._partitions.time import TimeWindow
    from treadle._run.log import DagsterLogManager
    from treadle._typing import RawMetadataMapping


class OutputManager:
    """Base of what stores outputs."""

    def handle_output(self, context: OutputContext, obj: Any) -> None:
        """Stores what a function handed over."""
        raise NotImplementedError(f"{type(self).__name__} does not implement handle_output")


class IOManager(InputManager, OutputManager):
    """Base of user-written IO managers."""

    def load_input(self, context: InputContext) -> Any:
        """Loads what was stored, for a function that reads it."""
        raise NotImplementedError(f"{type(self).__name__} does not implement load_input")


class _Context:
    __slots__ = (
        "_asset_key",
        "_definition_metadata",
        "_log",
        "_name",
        "_partitions",
        "_resources",
        "_run_key",
        "_step",
        "_step_key",
        "config",
        "dagster_type",
        "job_name",
        "resource_config",
    )
    _what = "context"
    _name: str | None
    _asset_key: AssetKey | None
    _log: DagsterLogManager | None

    @property
    def name(self) -> str:
        if self._name is None:
            raise DagsterInvariantViolationError(
                f"Attempting to access name, but it was not provided when constructing the {self._what}"
            )
        return self._name

    @property
    def has_asset_key(self) -> bool:
        return self._asset_key is not None

    @property
    def asset_key(self) -> AssetKey:
        if self._asset_key is None:
            raise DagsterInvariantViolationError(
                "Attempting to access asset_key, but "
                + (
                    "no asset is associated with this input"
                    if isinstance(self, InputContext)
                    else f"it was not provided when constructing the {self._what}"
                )
            )
        return self._asset_key

    @property
    def definition_metadata(self) -> Mapping[str, Any]:
        return self._definition_metadata or {}

    @property
    def resources(self) -> Any:
        if self._resources is None:
            raise DagsterInvariantViolationError(
                f"Attempting to access resources, but it was not provided when constructing the {self._what}"
            )
        return self._resources

    @property
    def log(self) -> DagsterLogManager:
        from treadle._run.log import DagsterLogManager

        if self._log is None:
            self._log = DagsterLogManager(None)
        return self._log

    @property
    def has_partition_key(self) -> bool:
        """Whether the run is over one partition."""
        return self._run_key is not None

    @property
    def partition_key(self) -> str:
        if self._run_key is None:
            raise CheckError("Failure condition: Tried to access partition_key on a non-partitioned run.")
        return self._run_key

    @property
    def has_asset_partitions(self) -> bool:
        return self._partitions is not None

    def _asset_slice(self) -> Slice:
        if self._partitions is None:
            raise CheckError(
                f"Attempting to access partitions of the asset on the {self._what}, but it does not"
                " correspond to a partitioned asset."
            )
        return self._partitions

    @property
    def asset_partition_keys(self) -> Sequence[str]:
        return self._asset_slice().keys

    @property
    def asset_partition_key(self) -> str:
        found = self._asset_slice()
        if len(found.subset) != 1:
            start, end = found.key_range
            raise CheckError(
                f"Tried to access partition key for {self._what} '{self._name}', but it has a partition"
                f" range: '{start}' to '{end}'."
            )
        return found.keys[0]

    @property
    def asset_partition_key_range(self) -> PartitionKeyRange:
        return self._asset_slice().key_range

    @property
    def asset_partitions_time_window(self) -> TimeWindow:
        return self._asset_slice().time_window

    @property
    def asset_partitions_def(self) -> Any:
        return self._asset_slice().partitions_def

    def get_asset_identifier(self) -> Sequence[str]:
        """The key's path, of one partition with its key behind it."""
        path = self.asset_key.path
        return [*path, self.asset_partition_key] if self.has_asset_partitions else path

    _definition_metadata: Mapping[str, Any] | None
    _partitions: Slice | None
    _resources: Any
    _run_key: str | None
    _step: _core.Step | None  # that runs; None in tests of managers
    _step_key: str | None


class OutputContext(_Context):
    """What an IO manager is told about the output it stores."""

    __slots__ = (
        "_artifact",
        "_data_version",
        "_events",
        "_instance",
        "_logged",
        "_output_metadata",
        "_run_id",
        "_stored",
        "asset_spec",
        "mapping_key",
        "op_def",
        "version",
    )
    _what = "OutputContext"

    def __init__(
        self,
        step_key: str | None = None,
        name: str | None = None,
        job_name: str | None = None,
        run_id: str | None = None,
        definition_metadata: Mapping[str, Any] | None = None,
        mapping_key: str | None = None,
        config: object = None,
        dagster_type: object = None,
        version: str | None = None,
        resources: Any = None,
        op_def: Any = None,
        asset_key: AssetKey | None = None,
        output_metadata: RawMetadataMapping | None = None,
        asset_spec: AssetSpec | None = None,
        log: DagsterLogManager | None = None,
        resource_config: Any = None,
        partition_key: str | None = None,
        partitions: Slice | None = None,
        step: _core.Step | None = None,
        instance: Any = None,
    ) -> None:
        self._step = step
        self._instance = instance
        self._events: list[AssetMaterialization | AssetObservation] = []
        self.resource_config = resource_config
        self._partitions = partitions
        self._run_key = partition_key if partitions is None else _only_key(partitions)
        self._stored: list[tuple[str, str, str]] = []
        self._step_key = step_key
        self._name = name
        self.job_name = job_name
        self._run_id = run_id
        self._definition_metadata = definition_metadata
        self.mapping_key = mapping_key
        self.config = config
        self.dagster_type = dagster_type
        self.version = version
        self._resources = resources
        self.op_def = op_def
        self._asset_key = asset_key
        self._output_metadata = output_metadata or {}
        self.asset_spec = asset_spec
        self._log = log
        self._logged: dict[str, MetadataValue] = {}
        # What a manager of our own keeps values in the store as; "" = the engine derives a data version.
        self._artifact = ""
        self._data_version = ""

    @property
    def step_key(self) -> str:
        if self._step_key is None:
            raise DagsterInvariantViolationError(
                "Attempting to access step_key, but it was not provided when constructing the OutputContext"
            )
        return self._step_key

    @property
    def run_id(self) -> str:
        if self._run_id is None:
            raise DagsterInvariantViolationError(
                "Attempting to access run_id, but it was not provided when constructing the OutputContext"
            )
        return self._run_id

    @property
    def output_metadata(self) -> Mapping[str, Any]:
        """What the function said about this output."""
        return self._output_metadata

    @property
    def metadata(self) -> Mapping[str, Any]:
        return self.definition_metadata

    def add_output_metadata(self, metadata: RawMetadataMapping) -> None:
        """Adds to the materialization."""
        new = normalize_metadata(metadata)
        twice = [n for n in new if n in self._logged]
        if twice:
            raise DagsterInvalidMetadata(
                f"Tried to add metadata for key(s) that already have metadata: {set(twice)}"
            )
        self._logged.update(new)

    def log_event(self, event: AssetMaterialization | AssetObservation) -> None:
        """Records a fact beside the materialization of what is stored."""
        from treadle._events.events import AssetMaterialization, AssetObservation

        if not isinstance(event, (AssetMaterialization, AssetObservation)):
            raise CheckError(f"Failure condition: Unexpected event {event}")
        if self._step is not None:
            from treadle._run.context import report_fact

            report_fact(self._step, event)
        self._events.append(event)

    def get_logged_events(self) -> Sequence[AssetMaterialization | AssetObservation]:
        """What was recorded with `log_event`."""
        return list(self._events)

    def get_logged_metadata(self) -> Mapping[str, MetadataValue]:
        return self._logged

    def get_identifier(self) -> Sequence[str]:
        """The run, the step and the output, with its mapping key."""
        run = [self.run_id, self.step_key, self.name]
        return run if self.mapping_key is None else [*run, self.mapping_key]

    get_run_scoped_output_identifier = get_identifier

    def get_asset_output_identifier(self) -> Sequence[str]:
        return self.get_asset_identifier()


class InputContext(_Context):
    """What an IO manager is told about the input it loads."""

    __slots__ = (
        "_artifact",
        "_data_version",
        "_instance",
        "_logged",
        "_observations",
        "_stored",
        "op_def",
        "upstream_output",
    )
    _what = "InputContext"

    def __init__(
        self,
        *,
        name: str | None = None,
        job_name: str | None = None,
        op_def: Any = None,
        config: Any = None,
        definition_metadata: Mapping[str, Any] | None = None,
        upstream_output: OutputContext | None = None,
        dagster_type: Any = None,
        resources: Any = None,
        asset_key: AssetKey | None = None,
        instance: Any = None,
        log: DagsterLogManager | None = None,
        resource_config: Any = None,
        partition_key: str | None = None,
        partitions: Slice | None = None,
        step: _core.Step | None = None,
    ) -> None:
        self._step = step
        self._observations: list[AssetObservation] = []
        self.resource_config = resource_config
        self._partitions = partitions
        self._run_key = partition_key
        self._stored: Sequence[tuple[str, str, str]] = ()
        self._name = name
        self.job_name = job_name
        self._step_key = None
        self.op_def = op_def
        self.config = config
        self._definition_metadata = definition_metadata
        self.upstream_output = upstream_output
        self.dagster_type = dagster_type
        self._resources = resources
        self._asset_key = asset_key
        self._instance = instance
        self._log = log
        self._logged: dict[str, MetadataValue] = {}
        self._artifact = ""  # the version that this run made, if it did
        self._data_version = ""  # of what was read

    @property
    def has_input_name(self) -> bool:
        return self._name is not None

    @property
    def metadata(self) -> Mapping[str, Any]:
        return self.definition_metadata

    @property
    def instance(self) -> Any:
        """The home that is read from."""
        if self._instance is None and self._step is not None:
            from treadle._run.steps import instance_of

            self._instance = instance_of(self._step.run_id)
        if self._instance is None:
            raise DagsterInvariantViolationError(
                "Attempting to access instance, but it was not provided when constructing the InputContext"
            )
        return self._instance

    def add_input_metadata(self, metadata: RawMetadataMapping, description: str | None = None) -> None:
        """Adds to the LOADED_INPUT event; where an asset is read, this is an observation of it as well."""
        self._logged.update(normalize_metadata(metadata))
        if not self.has_asset_key:
            return
        from treadle._events.events import AssetObservation

        observation = AssetObservation(
            self.asset_key,
            description,
            metadata,
            self.asset_partition_key if self.has_asset_partitions else None,
        )
        self._observations.append(observation)
        if self._step is not None:
            from treadle._run.context import report_fact

            report_fact(self._step, observation)

    def get_observations(self) -> Sequence[AssetObservation]:
        """What `add_input_metadata` said of the asset that is read."""
        return list(self._observations)

    def get_identifier(self) -> Sequence[str]:
        if self.upstream_output is None:
            raise CheckError("InputContext needs upstream_output to invoke get_identifier")
        return self.upstream_output.get_identifier()


def _only_key(partitions: Slice) -> str | None:
    return partitions.keys[0] if len(partitions.subset) == 1 else None


class IOManagerHolder:
    """One IO manager of some definitions, as the core calls it. The manager is made when first used."""

    __slots__ = ("_handle", "_holder", "by_step", "key", "sources")

    def __init__(
        self, key: str, source: Any, by_step: Any, config: Any = None, all_definitions: Any = None
    ) -> None:
        self.key = key
        self._holder = ResourceHolder(key, source, config, all_definitions)
        self._handle: Any = None
        self.by_step = by_step
        self.sources: Mapping[AssetKey, Mapping[str, Any]] = {}  # metadata of what others make

    @property
    def required(self) -> list[str]:
        return self._holder.required

    def manager(self, step: _core.Step) -> IOManager:
        if self._handle is None:
            required = {k: step.resource(k) for k in self.required}
            self._handle = self._holder.set_up(step.run_id, required)
        manager = self._handle.value
        if not hasattr(manager, "load_input"):
            raise DagsterInvalidDefinitionError(
                f"io manager with key '{self.key}' is {manager!r}, which has no handle_output and load_input."
            )
        return manager  # type: ignore[no-any-return]

    def close(self) -> None:
        if self._handle is not None:
            self._holder.tear_down(self._handle)
            self._handle = None

    def _resources(self, step: _core.Step) -> Resources:
        return Resources(lambda key: step.resource(key).value, frozenset(self.required))

    def _output_context(
        self,
        step: _core.Step,
        step_key: str,
        name: str,
        asset: str,
        metadata: str,
        own: bool,
        mapping_key: str = "",
        run_id: str = "",
        partitions: Any = None,
    ) -> OutputContext:
        from treadle._run.log import DagsterLogManager
        from treadle._types.types import label_of, value_type

        definition = self.by_step.get(step_key)
        output = (
            next((o for o in definition._outputs if o.name == name), None) if definition is not None else None
        )
        label = None
        if output is not None and definition is not None:
            label = DagsterTypeRef(
                label_of(value_type(output.type, getattr(definition._fn, "__globals__", {})))
            )
        key = AssetKey.from_user_string(asset) if asset else None
        declared = output.metadata if output is not None else None
        spec = definition._spec(output) if output is not None and definition is not None and own else None
        if key is not None and spec is None:
            of_graph = _graph_output(step_key, key)
            if of_graph is not None:
                declared, spec = of_graph.metadata, of_graph
        return OutputContext(
            step_key=step_key,
            name=name,
            job_name=step.job_name,
            run_id=run_id or step.run_id,
            definition_metadata=declared,
            mapping_key=mapping_key or None,
            config=said_of(step, step_key, "outputs", name),
            resource_config=self._holder.made_of,
            dagster_type=label,
            resources=self._resources(step),
            op_def=definition.op if definition is not None else None,
            asset_key=key,
            output_metadata=_metadata_of(metadata),
            asset_spec=spec if own else None,
            log=DagsterLogManager(step),
            partition_key=run_key_of(step),
            partitions=slice_of(partitions),
            step=step if own else None,
        )

    def handle_output(
        self,
        step: _core.Step,
        name: str,
        asset: str,
        metadata: str,
        value: Any,
        mapping_key: str,
        partitions: Any = None,
    ) -> (
        tuple[Sequence[tuple[str, str, object]], str, str, Sequence[tuple[str, str, str]]]
        | _core.NativeIOManager
    ):
        """Called by the core, which goes to a native manager itself. Returns what the manager adds to the
        metadata, the data version and the artifact that holds the value ("" = none), and the same for each
        partition that it keeps by itself.
        """
        from treadle._events.wrappers import Json

        manager: Any = self.manager(step)
        if getattr(type(manager), "_is_native", False):
            return manager.core  # type: ignore[no-any-return]
        handle_output: Any = manager.handle_output
        context = self._output_context(
            step, step.step_key, name, asset, metadata, True, mapping_key, partitions=partitions
        )
        try:
            result = handle_output(context, value.value if isinstance(value, Json) else value)
            if result is not None:
                _take(result, step, context)
        except Exception as e:
            what = f'handling output "{name}" of step "{step.step_key}"'
            _mark(e, "DagsterExecutionHandleOutputError", what)
            raise
        logged = metadata_to_core(context._logged)
        return logged, context._data_version, context._artifact, context._stored

    def load_input(
        self,
        step: _core.Step,
        name: str,
        asset: str,
        upstream_step: str,
        upstream_output: str | None,
        artifact: str,
        upstream_run: str,
        mapping_key: str,
        partitions: Any = None,
        stored: Sequence[tuple[str, str, str]] = (),
    ) -> tuple[Any, Sequence[tuple[str, str, object]], str] | _core.NativeIOManager:
        """Called by the core. Returns the value, what the manager adds to the metadata, and its data version
        ("" = unknown).
        """
        from treadle._run.log import DagsterLogManager

        manager: Any = self.manager(step)
        if getattr(type(manager), "_is_native", False):
            return manager.core  # type: ignore[no-any-return]
        definition = self.by_step.get(step.step_key)
        given = (
            next((i for i in definition._inputs if i.name == name), None) if definition is not None else None
        )
        key = AssetKey.from_user_string(asset) if asset else None
        upstream: OutputContext | None
        if upstream_output is not None:
            upstream = self._output_context(
                step,
                upstream_step,
                upstream_output,
                asset,
                "",
                False,
                mapping_key,
                upstream_run,
                partitions,
            )
        elif key is None:
            upstream = None
        else:
            upstream = OutputContext(
                step_key="none",
                name=key.parts[-1] if key is not None else name,
                run_id=step.run_id,
                asset_key=key,
                definition_metadata=self.sources.get(key),
                resources=self._resources(step),
            )
        context = InputContext(
            name=name,
            job_name=step.job_name,
            op_def=definition.op if definition is not None else None,
            definition_metadata=given.metadata if given is not None else None,
            upstream_output=upstream,
            dagster_type=type_of_input(definition, given),
            resources=self._resources(step),
            asset_key=key,
            config=said_of(step, step.step_key, "inputs", name),
            resource_config=self._holder.made_of,
            log=DagsterLogManager(step),
            partition_key=run_key_of(step),
            partitions=slice_of(partitions),
            step=step,
        )
        context._artifact = artifact
        context._stored = stored
        try:
            value = manager.load_input(context)
        except Exception as e:
            _mark(e, "DagsterExecutionLoadInputError", f'loading input "{name}" of step "{step.step_key}"')
            raise
        return value, metadata_to_core(context._logged), context._data_version


def _graph_output(step_key: str, key: AssetKey) -> AssetSpec | None:
    """Of an asset that is made by a graph, whose ops say nothing of it."""
    import sys

    module = sys.modules.get("treadle._ops.graph_assets")
    owner = module.owners.get(step_key.partition(".")[0]) if module is not None else None
    return owner.specs_by_key.get(key) if owner is not None else None


def _take(result: Any, step: _core.Step, context: OutputContext) -> None:
    """What a manager returned or yielded when it had stored an output: metadata, or materializations."""
    from treadle._events.events import AssetMaterialization
    from treadle._run.context import report_fact

    for said in result if hasattr(result, "__next__") else (result,):
        if isinstance(said, AssetMaterialization):
            report_fact(step, said)
        elif isinstance(said, dict):
            context.add_output_metadata(said)
        elif hasattr(said, "metadata"):
            context.add_output_metadata(said.metadata)


def _mark(error: Exception, cls: str, doing: str) -> None:
    """What user code raised is told as the cause of an error that says what was being done."""
    if not isinstance(error, DagsterError):
        error.__treadle_boundary__ = (cls, f"Error occurred while {doing}:")  # type: ignore[attr-defined]


def _metadata_of(text: str) -> Mapping[str, MetadataValue] | None:
    if not text or text == "{}":
        return None
    import json

    return metadata_from_json(json.loads(text))


def is_io_manager(source: object) -> bool:
    """Whether a resource stores outputs or loads inputs."""
    return isinstance(source, (InputManager, OutputManager, IInputManagerDefinition)) or (
        hasattr(source, "handle_output") and hasattr(source, "load_input")
    )
