"""The contexts of functions that are called directly, as tests do: made by `build_op_context` and its kin."""

from __future__ import annotations

from treadle._errors import (
    CheckError,
    DagsterInvalidInvocationError,
    DagsterInvalidPropertyError,
    DagsterInvariantViolationError,
)
from treadle._run.context import (
    AssetCheckExecutionContext,
    AssetExecutionContext,
    OpExecutionContext,
    _OutputsContext,
    _StepContext,
)
from treadle._typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any, NoReturn

    from typing_extensions import Self

    from treadle._assets.definition import AssetsDefinition
    from treadle._resources.building import ResourceScope


class UnboundStep:
    """The step of a context that belongs to no run."""

    run_id = "EPHEMERAL"
    job_name = "__ephemeral_asset_job__"
    retry_number = 0

    def __init__(
        self, resources: Mapping[str, Any], step_key: str = "", partitions: Any = None, definition: Any = None
    ) -> None:
        self._resources = resources
        self.step_key = step_key
        self._partitions = partitions  # a key, a PartitionKeyRange or None
        self._definition = definition

    @property
    def partitions(self) -> Any:
        """(set, subset), as a step of a run has it."""
        if self._partitions is None:
            return None
        from treadle._partitions.definitions import StaticPartitionsDefinition

        given = self._partitions
        one = isinstance(given, str)
        of = self._definition._partitions_def_of(self) if self._definition is not None else None
        if of is None:
            of = StaticPartitionsDefinition([given] if one else list(dict.fromkeys(given)))
        made = of._set(None, self._store)
        return made, made.subset([given]) if one else made.range(given.start, given.end)

    _store: Any = None

    def input_partitions(self, index: int) -> Any:
        """Inputs are given by hand."""
        return None

    def output_selected(self, index: int) -> bool:
        return True

    def check_selected(self, index: int) -> bool:
        return True

    def log(self, level: int, message: str) -> None:
        import sys

        sys.stderr.write(f"{message}\n")

    def report_event(self, *event: Any) -> None:
        """Belongs to no record."""

    def resource(self, key: str) -> Any:
        from treadle._resources.building import ResourceHandle

        return ResourceHandle(self._resources[key], None)


class DirectCalls:
    """What the calls made with one context leave in it: of one call until the next begins."""

    def __init__(
        self, scope: ResourceScope, resources_config: Mapping[str, Any], mapping_key: str | None
    ) -> None:
        self.scope = scope
        self.resources_config = resources_config
        self.mapping_key = mapping_key
        self.entered = False
        self.needs_exit = scope.cleans_up
        self.alias: str | None = None  # of what is executing
        self.user_events: list[Any] = []
        self.output_metadata: dict[str, dict[str, Any]] = {}
        self.seen_outputs: dict[str, set[str | None]] = {}

    def begin(self, alias: str, kind: str) -> None:
        if self.alias is not None:
            raise DagsterInvalidInvocationError(
                f"This context is currently being used to execute {self.alias}. The context cannot be used to"
                f" execute another {kind} until {self.alias} has finished executing."
            )
        self.alias = alias
        self.user_events = []
        self.output_metadata = {}
        self.seen_outputs = {}

    def end(self) -> None:
        self.alias = None


def _not_set(what: str, kind: str = "property") -> NoReturn:
    raise DagsterInvalidPropertyError(
        f"The {what} {kind} is not set on the context when an asset or op is directly invoked."
    )


class _Direct:
    """What differs from the context of a step in a run."""

    __slots__ = ()

    def _not_partitioned(self, what: str) -> Exception:
        return CheckError(f"Failure condition: Tried to access {what} for a non-partitioned run")

    _calls: DirectCalls
    _given_config: Any
    _assets_def: Any
    _step: Any
    _state: Any

    def _as(self, kind: Any) -> Any:
        return self

    @property
    def is_bound(self) -> bool:
        """Whether something is executing with this context."""
        return self._calls.alias is not None

    @property
    def execution_properties(self) -> DirectCalls:
        return self._calls

    def unbind(self) -> None:
        self._calls.end()

    @property
    def alias(self) -> str:
        return self._calls.alias or _not_set("alias")

    @property
    def instance(self) -> Any:
        given = self._state.instance
        if given is None:
            from treadle._run.instance import DagsterInstance

            given = self._state.instance = DagsterInstance.ephemeral()
        return given

    # --- what only a run has

    @property
    def dagster_run(self) -> Any:
        _not_set("dagster_run")

    @property
    def step_launcher(self) -> Any:
        _not_set("step_launcher")

    @property
    def job_def(self) -> Any:
        _not_set("job_def")

    @property
    def repository_def(self) -> Any:
        _not_set("repository_def")

    @property
    def job_name(self) -> str:
        _not_set("job_name")

    @property
    def node_handle(self) -> Any:
        _not_set("node_handle")

    @property
    def op(self) -> Any:
        _not_set("op")

    def get_step_execution_context(self) -> Any:
        _not_set("get_step_execution_context", "method")

    @property
    def run_config(self) -> Mapping[str, Any]:
        config: dict[str, Any] = {}
        if self._given_config and self._assets_def is not None:
            config["ops"] = {self._assets_def._name: {"config": self._given_config}}
        config["resources"] = self._calls.resources_config
        return config

    @property
    def op_def(self) -> Any:
        definition = self._assets_def if self._assets_def is not None else _not_set("op_def")
        return definition.op if hasattr(definition, "op") else definition

    @property
    def run_tags(self) -> Mapping[str, str]:
        return dict(self._state.tags)

    # --- what the function tells

    def log_event(self, event: Any) -> None:
        """Kept for `get_events`."""
        from treadle._events.events import AssetMaterialization, AssetObservation
        from treadle._events.expectation import ExpectationResult

        if not isinstance(event, (AssetMaterialization, AssetObservation, ExpectationResult)):
            raise CheckError(
                "Param \"event\" is not one of ['AssetMaterialization', 'AssetObservation',"
                f" 'ExpectationResult']. Got {event!r} which is type {type(event)}."
            )
        self._calls.user_events.append(event)

    def get_events(self) -> Sequence[Any]:
        """What the function told with `log_event`, of the latest call."""
        return self._calls.user_events

    def observe_output(self, output_name: str, mapping_key: str | None = None) -> None:
        self._calls.seen_outputs.setdefault(output_name, set()).add(mapping_key)

    def has_seen_output(self, output_name: str, mapping_key: str | None = None) -> bool:
        seen = self._calls.seen_outputs.get(output_name, ())
        return mapping_key in seen if mapping_key else bool(seen)

    def get_mapping_key(self) -> str | None:
        return self._calls.mapping_key

    def get_output_metadata(
        self, output_name: str, mapping_key: str | None = None
    ) -> Mapping[str, Any] | None:
        """What the latest call added to an output; None where it added nothing."""
        metadata = self._calls.output_metadata.get(output_name)
        return metadata.get(mapping_key) if mapping_key and metadata else metadata

    def add_output_metadata(
        self, metadata: Mapping[str, Any], output_name: str | None = None, mapping_key: str | None = None
    ) -> None:
        """Kept for `get_output_metadata`: once for each output, before it is handed over."""
        if self._assets_def is None:
            _not_set("add_output_metadata", "method")
        outputs = self._assets_def._outputs
        kind = f"op '{self._assets_def._name}'"
        if output_name is None and len(outputs) != 1:
            raise DagsterInvariantViolationError(
                "Attempted to log metadata without providing output_name, but multiple outputs exist. Please"
                " provide an output_name to the invocation of `context.add_output_metadata`."
            )
        output = next((o for o in outputs if o.name == output_name or output_name is None), None)
        if output is None:
            raise DagsterInvariantViolationError(f"{output_name} not found in output_dict")
        of_key = f" with mapping_key '{mapping_key}'" if mapping_key else ""
        if self.has_seen_output(output.name, mapping_key):
            raise DagsterInvariantViolationError(
                f"In {kind}, attempted to log output metadata for output '{output.name}'{of_key} which has"
                " already been yielded. Metadata must be logged before the output is yielded."
            )
        if getattr(output, "is_dynamic", False) and not mapping_key:
            raise DagsterInvariantViolationError(
                f"In {kind}, attempted to log metadata for dynamic output '{output.name}' without providing a"
                " mapping key. When logging metadata for a dynamic output, it is necessary to provide a"
                " mapping key."
            )
        added = self._calls.output_metadata
        if output.name in added and (not mapping_key or mapping_key in added[output.name]):
            raise DagsterInvariantViolationError(
                f"In {kind}, attempted to log metadata for output '{output.name}' more than once."
            )
        if mapping_key:
            added.setdefault(output.name, {})[mapping_key] = metadata
        else:
            added[output.name] = dict(metadata)


class BoundAssetContext(_Direct, AssetExecutionContext):
    """What an asset's function is told that is called directly."""

    __slots__ = ("__dict__", "_calls", "_given_config")


class BoundCheckContext(_Direct, AssetCheckExecutionContext):
    """What a check's function is told that is called directly."""

    __slots__ = ("__dict__", "_calls", "_given_config")


class BoundOpContext(_Direct, OpExecutionContext):
    """The same where its annotation asks for an op's context."""

    __slots__ = ("__dict__", "_calls", "_given_config")


class UnboundContext(_Direct, _OutputsContext):
    """What `build_op_context` and its kin make, to be handed to a decorated function. Resources that clean up
    after themselves make it a context manager.
    """

    __slots__ = ("_calls", "_given", "_given_config", "_partitions")

    def __init__(
        self,
        scope: ResourceScope,
        resources_config: Mapping[str, Any],
        config: Any,
        instance: Any,
        tags: Mapping[str, str] | None,
        partitions: Any = None,
        mapping_key: str | None = None,
    ) -> None:
        from treadle._run.steps import RunState

        opened = scope.open(scope.definitions)
        self._given = opened.original_resource_dict
        self._calls = DirectCalls(scope, resources_config, mapping_key)
        self._partitions = partitions
        self._given_config = config
        state = RunState(instance, tags or {}, {}, False)
        _StepContext.__init__(self, None, UnboundStep(self._given, "", partitions), state)  # type: ignore[arg-type]
        self._resources = opened

    def __enter__(self) -> Self:
        self._calls.entered = True
        return self

    def __exit__(self, *_: object) -> None:
        self._calls.scope.close()

    def __del__(self) -> None:
        calls = getattr(self, "_calls", None)
        if calls is not None and calls.needs_exit and not calls.entered:
            calls.scope.close()

    @property
    def resources(self) -> Any:
        self.check_entered()
        return self._resources

    def check_entered(self) -> None:
        if self._calls.needs_exit and not self._calls.entered:
            raise DagsterInvariantViolationError(
                "At least one provided resource is a generator, but attempting to access resources outside of"
                " context manager scope. You can use the following syntax to open a context manager: `with"
                " build_op_context(...) as context:`"
            )

    @property
    def resource_keys(self) -> set[str]:
        return set(self._given)

    @property
    def op_config(self) -> Any:
        return self._given_config

    @property
    def assets_def(self) -> Any:
        _not_set("assets_def")

    @property
    def has_assets_def(self) -> bool:
        _not_set("has_assets_def")

    @property
    def asset_key(self) -> Any:
        _not_set("has_assets_def")

    @property
    def selected_asset_keys(self) -> Any:
        _not_set("has_assets_def")

    @property
    def selected_output_names(self) -> Any:
        _not_set("selected_output_names")

    @property
    def is_subset(self) -> bool:
        _not_set("has_assets_def")

    def describe_op(self) -> str:
        _not_set("describe_op", "method")

    def bind(self, definition: AssetsDefinition, by_argument: Mapping[str, Any]) -> _StepContext:
        """The same as a call of the definition sees it, which may bring resources of its own."""
        from treadle._resources.context import Resources
        from treadle._run.invoke import live

        given = self.resources_for(by_argument)
        own = definition._resource_defs
        for key in sorted(own):
            if key in given:
                raise DagsterInvalidInvocationError(
                    f"Error when invoking {definition!r}: resource '{key}' provided on both the"
                    " definition and invocation context. Please provide on only one or the other."
                )
        if own:
            given = {**given, **live(own, None)}
        from treadle._run.step_plan import plan_of

        kinds = {AssetExecutionContext: BoundAssetContext, AssetCheckExecutionContext: BoundCheckContext}
        cls = kinds.get(plan_of(definition).context_class, BoundOpContext)
        step = UnboundStep(given, definition._name, self._partitions, definition)
        step._store = self._state.instance if self._state is not None else None
        bound: Any = cls(definition, step, self._state)  # type: ignore[arg-type]
        bound._calls = self._calls
        bound._given_config = self._given_config
        bound.__dict__.update(getattr(self, "__dict__", {}))  # what a test put in the place of methods
        bound._log = self.log  # and of the log's
        assert self._state is not None
        config = self._given_config
        self._state.run_config = {} if config is None else {"ops": {definition._name: {"config": config}}}
        bound._resources = Resources(given.__getitem__, frozenset(given))
        return bound  # type: ignore[no-any-return]

    def resources_for(self, by_argument: Mapping[str, Any]) -> Mapping[str, Any]:
        """The resources of a call: from the context, or from its arguments."""
        if not by_argument:
            self.check_entered()
            return self._given
        if self._given:
            raise DagsterInvalidInvocationError("Cannot provide resources in both context and kwargs")
        return by_argument


class UnboundAssetContext(UnboundContext, AssetExecutionContext):
    """Of tests, which may put functions of their own in the place of its methods."""


class UnboundOpContext(UnboundContext, OpExecutionContext):
    """The same of an op."""


class UnboundCheckContext(UnboundContext, AssetCheckExecutionContext):
    """The same of a check."""
