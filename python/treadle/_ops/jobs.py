"""Jobs of ops: `job` declares one."""

from __future__ import annotations

from treadle._assets.jobs import JobDefinition
from treadle._assets.rules import check_name, check_owners, clean_doc, unsupported
from treadle._assets.tags import normalize_tags
from treadle._errors import CheckError, DagsterInvalidDefinitionError, DagsterInvariantViolationError
from treadle._events.metadata import normalize_metadata
from treadle._ops.config_mapping import ConfigMapping
from treadle._ops.core import told_graph
from treadle._ops.graphs import GraphDefinition, compose
from treadle._ops.hooks import told_hooks
from treadle._typing import TYPE_CHECKING, overload

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from collections.abc import Set as AbstractSet
    from typing import Any, NoReturn

    from treadle import _core
    from treadle._ops.hooks import HookDefinition
    from treadle._ops.results import ExecuteOpsResult
    from treadle._run.executors import Executor, ExecutorDefinition
    from treadle._run.instance import DagsterInstance
    from treadle._run.policies import RetryPolicy
    from treadle._typing import UserFn


# The jobs of this process by name, the latest of each.
declared: dict[str, OpJobDefinition] = {}


class OpJobDefinition(JobDefinition):
    """A graph of ops with all that it needs to run: resources, configuration, tags, hooks. A
    JobDefinition.
    """

    def __init__(
        self,
        *,
        graph_def: GraphDefinition,
        resource_defs: Mapping[str, object] | None = None,
        executor_def: ExecutorDefinition | None = None,
        logger_defs: Mapping[str, Any] | None = None,
        name: str | None = None,
        config: Any = None,
        description: str | None = None,
        partitions_def: object | None = None,
        tags: Mapping[str, Any] | None = None,
        run_tags: Mapping[str, Any] | None = None,
        metadata: Mapping[str, Any] | None = None,
        hook_defs: AbstractSet[HookDefinition] | None = None,
        op_retry_policy: RetryPolicy | None = None,
        input_values: Mapping[str, object] | None = None,
        owners: Iterable[str] | None = None,
        _checked: bool = False,
    ) -> None:
        self._partitions_def: Any = (
            partitions_def if partitions_def is not None else getattr(config, "partitions_def", None)
        )
        self._partitioned_config: Any = None
        if self.partitions_def is not None:
            from treadle._partitions.config import PartitionedConfig

            self._partitioned_config = PartitionedConfig.from_flexible_config(config, self.partitions_def)
            if config is self._partitioned_config:
                config = None
        if not isinstance(graph_def, GraphDefinition):
            raise CheckError(f"Param 'graph_def' of JobDefinition is no GraphDefinition: {graph_def!r}")
        self._graph_def = graph_def
        self._name = check_name(name) if name else graph_def._name
        self._config = _checked_config(config, self._name)
        self._description = description
        for key in resource_defs or ():
            if not key.isidentifier():
                raise CheckError(f"Resource key '{key}' must be a valid Python identifier.")
        self._resource_defs = dict(resource_defs or {})
        self._tags = {str(k): _text(v) for k, v in (tags or {}).items()}
        self._run_tags = {
            str(k): _text(v) for k, v in (run_tags if run_tags is not None else self._tags).items()
        }
        self._metadata = normalize_metadata(metadata)
        self._executor = executor_def
        self._loggers = dict(logger_defs or {})
        self._hooks = frozenset(hook_defs or ())
        self._op_retry_policy = op_retry_policy
        self._op_selection: tuple[str, ...] = ()
        self._input_values = dict(input_values or {})
        self._owners = check_owners(owners, self._name, "job")
        self._ops = dict(graph_def._all_ops())
        declared[self._name] = self
        known = {i.name for i in graph_def._inputs}
        for key in sorted(self._input_values):
            if key not in known:
                raise DagsterInvalidDefinitionError(
                    f"Error when constructing JobDefinition '{self._name}': Input value provided for key"
                    f" '{key}', but job has no top-level input with that name."
                )
        if self._resource_defs and not _checked:
            self._core({**self._wanted_by_resources(), **self._resource_defs}, {})  # says what is missing

    def _wanted_by_resources(self) -> dict[str, object]:
        """What its resources ask each other for. It is missed when the job is to run: the guide of the W&B
        integration declares a job with the IO manager alone.
        """
        wanted = (getattr(r, "required_resource_keys", None) or () for r in self._resource_defs.values())
        return {key: None for keys in wanted for key in keys}

    def __repr__(self) -> str:
        return f"<JobDefinition {self._name!r} of {len(self._ops)} ops>"

    def __call__(self, *_: Any, **__: Any) -> NoReturn:
        raise DagsterInvariantViolationError(
            f"Attempted to call job '{self._name}' directly. Jobs should be invoked by using an execution API"
            " function (e.g. `job.execute_in_process`)."
        )

    @property
    def graph(self) -> GraphDefinition:  # type: ignore[override]
        return self._graph_def

    @property
    def name(self) -> str:
        return self._name

    @property
    def description(self) -> str | None:
        return self._description

    @property
    def partitions_def(self) -> Any:
        return self._partitions_def

    @property
    def partitioned_config(self) -> Any:
        return self._partitioned_config

    @property
    def tags(self) -> Mapping[str, str]:
        return dict(self._tags)

    @property
    def run_tags(self) -> Mapping[str, str]:
        return dict(self._run_tags)

    @property
    def metadata(self) -> Mapping[str, Any]:
        return dict(self._metadata)

    @property
    def resource_defs(self) -> Mapping[str, object]:
        return dict(self._resource_defs)

    @property
    def hook_defs(self) -> AbstractSet[HookDefinition]:
        return self._hooks

    @property
    def op_retry_policy(self) -> RetryPolicy | None:
        return self._op_retry_policy

    @property
    def nodes(self) -> Sequence[Any]:
        return self.graph.nodes

    @property
    def selection(self) -> Any:
        raise DagsterInvariantViolationError(f"Job '{self._name}' is made of ops: it selects no assets.")

    @property
    def executor_def(self) -> ExecutorDefinition:
        from treadle._run.executors import multi_or_in_process_executor

        return self._executor or multi_or_in_process_executor

    @property
    def loggers(self) -> Mapping[str, Any]:
        return dict(self._loggers)

    @property
    def input_values(self) -> Mapping[str, object]:
        return dict(self._input_values)

    @property
    def run_config(self) -> Mapping[str, Any] | None:
        return self._config if isinstance(self._config, dict) else None

    @property
    def config_mapping(self) -> ConfigMapping | None:
        return self._config if isinstance(self._config, ConfigMapping) else None

    @property
    def required_resource_keys(self) -> frozenset[str]:
        keys = {k for op in self._ops.values() for k in op._required_resource_keys}
        keys.update(k for h in (*self._hooks, *self.graph._all_hooks()) for k in h.required_resource_keys)
        keys.update(o.io_manager_key for op in self._ops.values() for o in op._outputs)
        return frozenset(keys)

    @property
    def all_node_defs(self) -> Sequence[Any]:
        return list(self.graph._all_node_defs())

    @property
    def node_dict(self) -> Mapping[str, Any]:
        return self.graph.node_dict

    @property
    def is_subset_job(self) -> bool:
        return bool(self._op_selection)

    @property
    def op_selection(self) -> AbstractSet[str] | None:
        """The steps that it runs, when that is not all."""
        return set(self._op_selection) if self._op_selection else None

    @property
    def _has_config_mappings(self) -> bool:
        return self.graph.has_config_mapping or any(
            isinstance(d, GraphDefinition) and d.has_config_mapping for d in self.graph._all_node_defs()
        )

    def get_subset(
        self,
        *,
        op_selection: Iterable[str] | None = None,
        asset_selection: object | None = None,
        asset_check_selection: object | None = None,
    ) -> OpJobDefinition:
        """The same, but it runs only these: `["clean"]`, `["*clean"]`, `["load++"]`."""
        from treadle import _core

        unsupported(
            "get_subset", asset_selection=asset_selection, asset_check_selection=asset_check_selection
        )
        wanted = list(op_selection or ())
        if not wanted:
            return self
        selected = _core.select_ops(self._core(self._resource_defs, {}), wanted)
        if self._op_selection:
            selected = [key for key in selected if key in self._op_selection]
        job = self._copy()
        job._op_selection = tuple(selected)
        return job

    def has_node_named(self, name: str) -> bool:
        return self.graph.has_node_named(name)

    def get_node_named(self, name: str) -> Any:
        return self.graph.node_named(name)

    def _copy(self, **changes: Any) -> OpJobDefinition:
        given: dict[str, Any] = {
            "description": self._description,
            "resource_defs": self._resource_defs,
            "config": self._partitioned_config if self._partitioned_config is not None else self._config,
            "partitions_def": self.partitions_def,
            "tags": self._tags,
            "run_tags": self._run_tags,
            "metadata": self._metadata,
            "executor_def": self._executor,
            "logger_defs": self._loggers,
            "hook_defs": self._hooks,
            "op_retry_policy": self._op_retry_policy,
            "input_values": self._input_values,
            "owners": self._owners,
        }
        job = OpJobDefinition(graph_def=self.graph, name=self._name, _checked=True, **{**given, **changes})
        job._op_selection = self._op_selection
        return job

    def with_hooks(self, hook_defs: AbstractSet[HookDefinition]) -> OpJobDefinition:
        """The same with these hooks for all its steps as well."""
        return self._copy(hook_defs=self._hooks | frozenset(hook_defs))

    def with_top_level_resources(self, resource_defs: Mapping[str, object]) -> OpJobDefinition:
        """The same with these resources where it does not bring its own."""
        return self._copy(resource_defs={**resource_defs, **self._resource_defs})

    def with_executor_def(self, executor_def: ExecutorDefinition) -> OpJobDefinition:
        return self._copy(executor_def=executor_def)

    def with_logger_defs(self, logger_defs: Mapping[str, Any]) -> OpJobDefinition:
        return self._copy(logger_defs=logger_defs)

    def with_metadata(self, metadata: Mapping[str, Any]) -> OpJobDefinition:
        """The same with this metadata instead of its own."""
        return self._copy(metadata=metadata)

    @property
    def has_specified_executor(self) -> bool:
        return self._executor is not None

    @property
    def has_specified_loggers(self) -> bool:
        return bool(self._loggers)

    def resolve(self, definitions: Any) -> OpJobDefinition:
        """The same with what the definitions have where it says nothing itself."""
        return self._copy(
            resource_defs={**definitions._resources, **self._resource_defs},
            executor_def=self._executor or definitions._executor,
            logger_defs=self._loggers or definitions._loggers,
        )

    # --- running

    def _to_core(self) -> tuple[Any, ...]:
        """The job as one of several definitions: it brings its own resources."""
        return self._told(*self._holders(self._resource_defs, {}))

    def _told(self, plain: list[Any], managers: list[Any]) -> tuple[Any, ...]:
        from treadle._definitions.to_core import retry_to_core

        return (
            self._name,
            self._description or "",
            list(self._run_tags.items()),
            retry_to_core(self._op_retry_policy),
            told_graph(self.graph),
            dict(self._input_values),
            told_hooks(self._hooks),
            [],
            *self.graph._place,
            plain,
            managers,
        )

    def _holders(
        self, resources: Mapping[str, object], config: Mapping[str, Any]
    ) -> tuple[list[Any], list[Any]]:
        """Resources, and IO managers, as the core takes them."""
        from treadle._resources.holders import holders

        used_as_io = {o.io_manager_key for op in self._ops.values() for o in op._outputs}
        used_as_io.update(i.manager_key for op in self._ops.values() for i in op._inputs if i.manager_key)
        wanted = {k for op in self._ops.values() for k in op._required_resource_keys}
        wanted.update(k for h in (*self._hooks, *self.graph._all_hooks()) for k in h.required_resource_keys)
        by_step: Any = OpsByStep(self._ops)
        return holders(resources, used_as_io, wanted, by_step, config)

    def _core(self, resources: Mapping[str, object], config: Mapping[str, Any]) -> _core.Definitions:
        from treadle import _core

        return _core.Definitions(
            [],
            self._read_assets(),
            [self._told([], [])],
            *self._holders(resources, config),
            [],
            self._partitioning(),
        )

    def _partitioning(self) -> Any:
        if self.partitions_def is None:
            return None
        from treadle._partitions.mappings import remember

        remember(self.partitions_def)
        return [], [], [], [], [], [(self._name, self.partitions_def._of_run)]

    def _read_assets(self) -> list[tuple[Any, ...]]:
        """The assets that ops read, as sources."""
        from treadle._assets.definition import AssetsDefinition
        from treadle._assets.specs import AssetSpec, SourceAsset
        from treadle._definitions.to_core import _source

        found: dict[Any, Any] = {}
        for read in self.graph._all_read_assets():
            asset = read.asset
            if isinstance(asset, AssetsDefinition):
                asset = asset.to_source_asset(read.key)
            if isinstance(asset, (AssetSpec, SourceAsset)):
                found.setdefault(read.key, asset)
        return [_source(asset) for asset in found.values()]

    def execute_in_process(
        self,
        run_config: Any = None,
        instance: DagsterInstance | None = None,
        partition_key: str | None = None,
        raise_on_error: bool = True,
        op_selection: Sequence[str] | None = None,
        asset_selection: Sequence[Any] | None = None,
        run_id: str | None = None,
        input_values: Mapping[str, object] | None = None,
        tags: Mapping[str, str] | None = None,
        resources: Mapping[str, object] | None = None,
    ) -> ExecuteOpsResult:
        """Runs it in this process; values between ops stay in memory unless it brings its own IO manager."""
        unsupported("execute_in_process", asset_selection=asset_selection or None)
        if partition_key is not None:
            if self.partitions_def is None:
                raise CheckError(
                    f"Provided partition key `{partition_key}` for job `{self._name}` without a partitioned"
                    " config"
                )
            self.partitions_def.validate_partition_key(partition_key, dynamic_partitions_store=instance)
            by_key = self._partitioned_config
            if run_config is None:
                run_config = by_key.get_run_config_for_partition_key(partition_key) or None
            tags = {**by_key.get_tags_for_partition_key(partition_key, self._name), **(tags or {})}
        job = self._copy(input_values={**self._input_values, **input_values}) if input_values else self
        return job._execute(
            run_config, instance, raise_on_error, op_selection, run_id, tags, resources, in_memory=True
        )

    def _checked(
        self,
        config: Mapping[str, Any],
        resources: Mapping[str, object],
        selection: Sequence[str] = (),
        executor: ExecutorDefinition | None = None,
    ) -> dict[str, Any]:
        """The configuration of a run with everything filled in; that of the executor, too, when it is given.
        Raises DagsterInvalidConfigError."""
        from treadle import _core
        from treadle._config.run_schema import checked
        from treadle._ops.config_schema import job_shape
        from treadle._resources.definition import definitions_of

        selected = None
        if selection:
            selected = frozenset(_core.select_ops(self._core(resources, {}), list(selection)))
        given = config if executor is None else None
        shape = job_shape(self, definitions_of(resources), selected, executor, given)
        complete = checked(shape, config, self.name)
        if not config.get("ops") and not self._has_config_mappings:
            unconfigured = all(
                op._config_schema is None and op._takes_config is None for op in self._ops.values()
            )
            if unconfigured and not any(len(entry) > 1 for entry in complete["ops"].values()):
                complete["ops"] = {}  # nothing was said, and nothing is there by default
        return complete

    def _checked_run_config(self, run_config: Any) -> dict[str, Any]:
        """What validate_run_config says."""
        from treadle._config.run_schema import as_dict, told, with_transitive
        from treadle._ops.config_tree import JobConfig, run_config_of
        from treadle._ops.steps import effective_config
        from treadle._resources.definition import definitions_of

        given = as_dict(run_config or self.run_config)
        executor = self.executor_def
        complete = self._checked(run_config_of(self, given), self._resource_defs, (), executor)
        config = JobConfig(self, complete)
        entries: dict[str, dict[str, Any]] = {}
        for key, op in self._ops.items():
            for end in (i for i, c in enumerate(key) if c == "."):
                entries.setdefault(key[:end], dict(config.entry(key[:end])))
            entry = dict(config.entry(key))
            entries[key] = {**entry, "config": effective_config(op, entry.get("config"))}
        definitions = definitions_of(self._resource_defs)
        required = {k for op in self._ops.values() for k in op._required_resource_keys}
        required.update(o.io_manager_key for op in self._ops.values() for o in op._outputs)
        needed = {*with_transitive(required, definitions), "io_manager"}
        resources = {
            k: complete["resources"].get(k) or {} for k in [*definitions, "io_manager"] if k in needed
        }
        return told(entries, {**complete, "resources": resources}, executor)

    def _execute(
        self,
        run_config: Any,
        instance: DagsterInstance | None,
        raise_on_error: bool,
        op_selection: Iterable[str] | None,
        run_id: str | None,
        tags: Mapping[str, str] | None,
        resources: Mapping[str, object] | None = None,
        *,
        in_memory: bool = False,
        executor: Executor | None = None,
        parent: str = "",
        again: Sequence[str] | None = None,
    ) -> ExecuteOpsResult:
        """`parent`: the run that is executed again: the steps `again`, or from where it failed."""
        from treadle import _core as core_module
        from treadle._ops import steps as op_steps
        from treadle._ops.config_tree import JobConfig, run_config_of
        from treadle._ops.results import ExecuteOpsResult, JobExecutionResult
        from treadle._run import capture, log, steps
        from treadle._run.execute import _config, _dumps, _new_run_id, _raise
        from treadle._run.executors import InProcessExecutor

        raw = _config(run_config if run_config is not None else self.run_config)
        config = run_config_of(self, raw)
        selection = list(self._op_selection)
        if op_selection is not None:
            selection = list(self.get_subset(op_selection=op_selection)._op_selection)
        all_resources = {**self._resource_defs, **(resources or {})}
        checked = self._checked(config, all_resources, selection)
        core = self._core(all_resources, config)
        if instance is None:
            from treadle._run.instance import DagsterInstance

            instance = DagsterInstance.ephemeral()
        if executor is None:
            executor = InProcessExecutor()
        run_tags = {**self._run_tags, **normalize_tags(tags)}
        run_id = run_id or _new_run_id()
        state = steps.states[run_id] = steps.RunState(
            instance, run_tags, raw, capture=not executor._processes
        )
        state.executes_again(parent)
        log.begin_run(state, instance, self._loggers, raw, self, run_id)
        op_steps.jobs[run_id] = self
        op_steps.configs[run_id] = JobConfig(self, checked)
        if not executor._processes:
            capture.install(instance._home.logs_folder, run_id)
        try:
            outcome = core_module.execute_op_job(
                core,
                instance._home,
                selection,
                in_memory,
                run_id,
                run_tags,
                _dumps(raw),
                executor._told({}, raise_on_error),
                parent,
                again,
            )
        finally:
            if not executor._processes:
                capture.remove(run_id)
            del steps.states[run_id], op_steps.jobs[run_id], op_steps.configs[run_id]
            log.end_run(state)
            core.close_io_managers()
        status, step_keys, failure = outcome
        kind = ExecuteOpsResult if state.capture is not None and in_memory else JobExecutionResult
        result = kind(self, run_id, status, instance, step_keys, state.capture or {})
        if raise_on_error and not result.success and not executor._processes:
            _raise(failure, status, result)
        return result


def _checked_config(config: Any, name: str) -> Any:
    if config is None or isinstance(config, (dict, ConfigMapping)):
        return config
    if hasattr(config, "to_config_dict"):
        return config.to_config_dict()
    raise CheckError(
        f"config of job '{name}' must be a dict, a RunConfig or a ConfigMapping, not {type(config).__name__}."
    )


class OpsByStep:
    """Finds the op of a step, also of one that runs for a mapping key."""

    def __init__(self, ops: Mapping[str, Any]) -> None:
        self._ops = ops

    def get(self, step_key: str) -> Any:
        return self._ops.get(step_key.partition("[")[0])


def _text(value: object) -> str:
    if isinstance(value, str):
        return value
    import json

    return json.dumps(value)


@overload
def job(compose_fn: UserFn, /) -> OpJobDefinition: ...
@overload
def job(
    compose_fn: None = None,
    *,
    name: str | None = None,
    description: str | None = None,
    resource_defs: Mapping[str, object] | None = None,
    config: Any = None,
    tags: Mapping[str, object] | None = None,
    run_tags: Mapping[str, object] | None = None,
    metadata: Mapping[str, Any] | None = None,
    logger_defs: Mapping[str, Any] | None = None,
    executor_def: ExecutorDefinition | None = None,
    hooks: AbstractSet[HookDefinition] | None = None,
    op_retry_policy: RetryPolicy | None = None,
    partitions_def: object | None = None,
    input_values: Mapping[str, object] | None = None,
    owners: Sequence[str] | None = None,
) -> Callable[[UserFn], OpJobDefinition]: ...


def job(
    compose_fn: UserFn | None = None,
    *,
    name: str | None = None,
    description: str | None = None,
    resource_defs: Mapping[str, object] | None = None,
    config: Any = None,
    tags: Mapping[str, object] | None = None,
    run_tags: Mapping[str, object] | None = None,
    metadata: Mapping[str, Any] | None = None,
    logger_defs: Mapping[str, Any] | None = None,
    executor_def: ExecutorDefinition | None = None,
    hooks: AbstractSet[HookDefinition] | None = None,
    op_retry_policy: RetryPolicy | None = None,
    partitions_def: object | None = None,
    input_values: Mapping[str, object] | None = None,
    owners: Sequence[str] | None = None,
) -> Any:
    """Declares a job by a function that calls ops and graphs and wires them together."""

    def declare(fn: UserFn) -> OpJobDefinition:
        made = compose(fn, name or fn.__name__, "@job", None, None, description, None)
        declared = OpJobDefinition(
            graph_def=made,
            description=description or clean_doc(fn.__doc__),
            resource_defs=resource_defs,
            config=config,
            tags=tags,
            run_tags=run_tags,
            metadata=metadata,
            logger_defs=logger_defs,
            executor_def=executor_def,
            hook_defs=hooks,
            op_retry_policy=op_retry_policy,
            input_values=input_values,
            owners=owners,
            partitions_def=partitions_def,
        )
        for attribute in ("__module__", "__name__", "__qualname__", "__doc__"):
            setattr(declared, attribute, getattr(fn, attribute))
        return declared

    return declare(compose_fn) if compose_fn is not None else declare
