"""Jobs of ops: `job` declares one."""

from __future__ import annotations

from treadle._assets.jobs import JobDefinition
from treadle._assets.rules import check_name, check_owners, clean_doc, unsupported
from treadle._errors import CheckError, DagsterInvalidDefinitionError, DagsterInvariantViolationError
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
    from treadle._run.instance import DagsterInstance
    from treadle._run.policies import RetryPolicy
    from treadle._typing import UserFn


# The jobs of this process by name, the latest of each.
declared: dict[str, OpJobDefinition] = {}


class OpJobDefinition(JobDefinition):
    """A graph of ops with all that it needs to run: resources, configuration, tags, hooks. A
    JobDefinition.
    """

    __slots__ = (
        "_config",
        "_description",
        "_executor",
        "_hooks",
        "_input_values",
        "_metadata",
        "_name",
        "_op_retry_policy",
        "_ops",
        "_owners",
        "_resource_defs",
        "_run_tags",
        "_source",
        "_tags",
        "graph",
    )

    def __init__(
        self,
        graph: GraphDefinition,
        name: str,
        *,
        description: str | None = None,
        resource_defs: Mapping[str, object] | None = None,
        config: Any = None,
        tags: Mapping[str, Any] | None = None,
        run_tags: Mapping[str, Any] | None = None,
        metadata: Mapping[str, Any] | None = None,
        logger_defs: object | None = None,
        executor_def: object | None = None,
        hooks: AbstractSet[HookDefinition] | None = None,
        op_retry_policy: RetryPolicy | None = None,
        input_values: Mapping[str, object] | None = None,
        owners: Iterable[str] | None = None,
        source: str = "@job",
    ) -> None:
        unsupported(source, logger_defs=logger_defs or None)
        if config is not None and not isinstance(config, dict) and not hasattr(config, "to_config_dict"):
            raise DagsterInvalidDefinitionError(
                f"config of job '{name}' is a {type(config).__name__}, which this version of Treadle does not"
                " support yet. Give a dict or a RunConfig."
            )
        self.graph = graph
        self._name = check_name(name)
        self._description = description
        self._resource_defs = dict(resource_defs or {})
        self._config = config
        self._tags = {str(k): _text(v) for k, v in (tags or {}).items()}
        self._run_tags = {
            str(k): _text(v) for k, v in (run_tags if run_tags is not None else self._tags).items()
        }
        self._metadata = dict(metadata or {})
        self._executor = executor_def
        self._hooks = frozenset(hooks or ())
        self._op_retry_policy = op_retry_policy
        self._input_values = dict(input_values or {})
        self._owners = check_owners(owners, name)
        self._source = source
        self._ops = dict(graph._all_ops())
        declared[self._name] = self
        strangers = [k for k in self._input_values if k not in {i.name for i in graph._inputs}]
        if strangers:
            raise DagsterInvalidDefinitionError(
                f"Error when constructing JobDefinition '{name}': Input value provided for key"
                f" '{strangers[0]}', but job has no top-level input with that name."
            )

    def __repr__(self) -> str:
        return f"<JobDefinition {self._name!r} of {len(self._ops)} ops>"

    def __call__(self, *_: Any, **__: Any) -> NoReturn:
        raise DagsterInvariantViolationError(
            f"Attempted to call job '{self._name}' directly. Jobs should be invoked by using an execution API"
            " function (e.g. `job.execute_in_process`)."
        )

    @property
    def name(self) -> str:
        return self._name

    @property
    def description(self) -> str | None:
        return self._description

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

    def has_node_named(self, name: str) -> bool:
        return self.graph.has_node_named(name)

    def get_node_named(self, name: str) -> Any:
        return self.graph.node_named(name)

    def _copy(self, **changes: Any) -> OpJobDefinition:
        given: dict[str, Any] = {
            "description": self._description,
            "resource_defs": self._resource_defs,
            "config": self._config,
            "tags": self._tags,
            "run_tags": self._run_tags,
            "metadata": self._metadata,
            "executor_def": self._executor,
            "hooks": self._hooks,
            "op_retry_policy": self._op_retry_policy,
            "input_values": self._input_values,
            "owners": self._owners,
            "source": self._source,
        }
        return OpJobDefinition(self.graph, self._name, **{**given, **changes})

    def with_hooks(self, hook_defs: AbstractSet[HookDefinition]) -> OpJobDefinition:
        """The same with these hooks for all its steps as well."""
        return self._copy(hooks=self._hooks | frozenset(hook_defs))

    def with_top_level_resources(self, resource_defs: Mapping[str, object]) -> OpJobDefinition:
        """The same with these resources where it does not bring its own."""
        return self._copy(resource_defs={**resource_defs, **self._resource_defs})

    def resolve(self, definitions: Any) -> OpJobDefinition:
        return self.with_top_level_resources(definitions._resources)

    # --- running

    def _to_core(self) -> tuple[Any, ...]:
        """The job as one of several definitions: it brings its own resources."""
        return self._told(*self._holders(self._resource_defs, {}))

    def _told(self, plain: list[Any], managers: list[Any]) -> tuple[Any, ...]:
        from treadle._definitions.definitions import retry_to_core

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
        from treadle._io.managers import IOManagerHolder, is_io_manager
        from treadle._resources.resources import ResourceHolder

        used_as_io = {o.io_manager_key for op in self._ops.values() for o in op._outputs}
        used_as_io.update(i.manager_key for op in self._ops.values() for i in op._inputs if i.manager_key)
        wanted = {k for op in self._ops.values() for k in op._required_resource_keys}
        wanted.update(k for h in (*self._hooks, *self.graph._all_hooks()) for k in h.required_resource_keys)
        by_step: Any = _OpsByStep(self._ops)
        given = config.get("resources") or {}
        plain, managers = [], []
        for key, value in resources.items():
            own = (given.get(key) or {}).get("config") if isinstance(given.get(key), dict) else None
            if key in used_as_io or key == "io_manager" or (is_io_manager(value) and key not in wanted):
                manager = IOManagerHolder(key, value, by_step, own)
                managers.append((key, manager, manager.required))
            if key in wanted or not (is_io_manager(value) or key in used_as_io):
                holder = ResourceHolder(key, value, own)
                plain.append((key, holder, holder.required))
        return plain, managers

    def _core(self, resources: Mapping[str, object], config: Mapping[str, Any]) -> _core.Definitions:
        from treadle import _core

        return _core.Definitions([], [], [self._told([], [])], *self._holders(resources, config))

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
        unsupported(
            "execute_in_process", partition_key=partition_key, asset_selection=asset_selection or None
        )
        job = self._copy(input_values={**self._input_values, **input_values}) if input_values else self
        return job._execute(run_config, instance, raise_on_error, op_selection, run_id, tags, resources, True)

    def _execute(
        self,
        run_config: Any,
        instance: DagsterInstance | None,
        raise_on_error: bool,
        op_selection: Sequence[str] | None,
        run_id: str | None,
        tags: Mapping[str, str] | None,
        resources: Mapping[str, object] | None,
        in_memory: bool,
    ) -> ExecuteOpsResult:
        from treadle import _core as core_module
        from treadle._ops import steps as op_steps
        from treadle._ops.results import ExecuteOpsResult
        from treadle._run import capture, steps
        from treadle._run.execute import _config, _dumps, _new_run_id, _raise

        config = _config(run_config if run_config is not None else self._config)
        if op_selection is None:
            op_steps.check_config(self, config)
        core = self._core({**self._resource_defs, **(resources or {})}, config)
        if instance is None:
            from treadle._run.instance import DagsterInstance

            instance = DagsterInstance.ephemeral()
        run_tags = {**self._run_tags, **(tags or {})}
        for name, value in run_tags.items():
            if not isinstance(name, str) or not isinstance(value, str):
                raise CheckError(f"Run tags must map strings to strings, not {name!r} to {value!r}.")
        run_id = run_id or _new_run_id()
        state = steps.states[run_id] = steps.RunState(instance, run_tags, config, capture=True)
        op_steps.jobs[run_id] = self
        capture.install(instance._home.logs_folder, run_id)
        try:
            outcome = core_module.execute_op_job(
                core,
                instance._home,
                list(op_selection or ()),
                in_memory,
                run_id,
                self._name,
                run_tags,
                _dumps(config),
            )
        finally:
            capture.remove(run_id)
            del steps.states[run_id], op_steps.jobs[run_id]
            core.close_io_managers()
        status, step_keys, failure = outcome
        result = ExecuteOpsResult(self, run_id, status, instance, step_keys, state.capture or {})
        if raise_on_error and not result.success:
            _raise(failure, status, run_id)
        return result


class _OpsByStep:
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
    logger_defs: object | None = None,
    executor_def: object | None = None,
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
    logger_defs: object | None = None,
    executor_def: object | None = None,
    hooks: AbstractSet[HookDefinition] | None = None,
    op_retry_policy: RetryPolicy | None = None,
    partitions_def: object | None = None,
    input_values: Mapping[str, object] | None = None,
    owners: Sequence[str] | None = None,
) -> Any:
    """Declares a job by a function that calls ops and graphs and wires them together."""
    unsupported("@job", partitions_def=partitions_def)

    def declare(fn: UserFn) -> OpJobDefinition:
        made = compose(fn, name or fn.__name__, "@job", None, None, description, None)
        return OpJobDefinition(
            made,
            made.name,
            description=description or clean_doc(fn.__doc__),
            resource_defs=resource_defs,
            config=config,
            tags=tags,
            run_tags=run_tags,
            metadata=metadata,
            logger_defs=logger_defs,
            executor_def=executor_def,
            hooks=hooks,
            op_retry_policy=op_retry_policy,
            input_values=input_values,
            owners=owners,
        )

    return declare(compose_fn) if compose_fn is not None else declare
