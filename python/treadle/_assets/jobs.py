"""Jobs: named selections of assets that can be run."""

from __future__ import annotations

from treadle._assets.keys import AssetKey
from treadle._assets.rules import check_name, check_owners, unsupported
from treadle._assets.selection import AssetSelection, Checks, selection_text
from treadle._errors import CheckError, DagsterInvalidDefinitionError, DagsterInvalidSubsetError
from treadle._typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from collections.abc import Set as AbstractSet
    from datetime import datetime
    from typing import Any

    from treadle._assets.definition import AssetsDefinition
    from treadle._assets.job_graph import AssetJobGraph
    from treadle._assets.keys import AssetCheckKey
    from treadle._automation.conditions import AutomationCondition
    from treadle._automation.requests import RunRequest
    from treadle._definitions.definitions import Definitions
    from treadle._ops.hooks import HookDefinition
    from treadle._partitions.keys import PartitionKeyRange
    from treadle._partitions.policy import BackfillPolicy
    from treadle._run.executors import Executor, ExecutorDefinition
    from treadle._run.instance import DagsterInstance
    from treadle._run.policies import RetryPolicy
    from treadle._run.results import ExecuteInProcessResult
    from treadle._typing import CoercibleToAssetSelection


class _RunOverPartition:
    """What a job can ask for, whether or not its definitions are known."""

    __slots__ = ()

    def run_request_for_partition(
        self,
        partition_key: str,
        run_key: str | None = None,
        tags: Mapping[str, str] | None = None,
        asset_selection: Sequence[AssetKey] | None = None,
        run_config: Any = None,
        current_time: datetime | None = None,
        dynamic_partitions_store: Any = None,
    ) -> RunRequest:
        """A request of a run over one partition, with the config and tags of it."""
        from treadle._automation.resolving import request_for_partition

        return request_for_partition(
            self,
            partition_key,
            run_key,
            tags,
            run_config,
            current_time,
            dynamic_partitions_store,
            asset_selection,
        )


class UnresolvedAssetJobDefinition(_RunOverPartition):
    """A job as declared: what it selects is known together with the definitions it belongs to."""

    __slots__ = (
        "automation_condition",
        "config",
        "description",
        "executor_def",
        "hooks",
        "metadata",
        "name",
        "op_retry_policy",
        "owners",
        "partitions_def",
        "run_tags",
        "selection",
        "tags",
    )

    def __init__(
        self,
        name: str,
        selection: AssetSelection,
        config: Any,
        description: str | None,
        tags: Mapping[str, Any] | None,
        run_tags: Mapping[str, Any] | None,
        metadata: Mapping[str, Any] | None,
        executor_def: object | None,
        op_retry_policy: RetryPolicy | None,
        owners: Sequence[str] | None,
        partitions_def: Any = None,
        hooks: AbstractSet[HookDefinition] | None = None,
        automation_condition: AutomationCondition | None = None,
    ) -> None:
        self.hooks = frozenset(hooks or ())
        self.automation_condition = automation_condition
        self.partitions_def = partitions_def
        self.name = name
        self.selection = selection
        self.config = config
        self.description = description
        self.tags = {k: str(v) for k, v in (tags or {}).items()}
        self.run_tags = {k: str(v) for k, v in (run_tags if run_tags is not None else tags or {}).items()}
        self.metadata = dict(metadata or {})
        self.executor_def = executor_def
        self.op_retry_policy = op_retry_policy
        self.owners = check_owners(owners, name, "job")

    def with_metadata(self, metadata: Mapping[str, Any]) -> UnresolvedAssetJobDefinition:
        """The job with this metadata instead of its own."""
        import copy

        other = copy.copy(self)
        other.metadata = dict(metadata)
        return other

    def resolve(self, definitions: Definitions | None = None, *, asset_graph: Any = None) -> JobDefinition:
        """The job, once it is known what it selects from."""
        if definitions is None:
            if asset_graph is None:
                raise CheckError(f"Job '{self.name}' is resolved with the definitions that it selects from.")
            definitions = asset_graph.definitions
        job = JobDefinition(self, definitions)
        job._check_partitions()
        return job

    def _to_core(self) -> tuple[Any, ...]:
        from treadle._definitions.to_core import retry_to_core

        return (
            self.name,
            self.selection._text,
            self.description or "",
            list(self.run_tags.items()),
            retry_to_core(self.op_retry_policy),
        )


class JobDefinition(_RunOverPartition):
    """A job that can be executed. `JobDefinition(graph_def=...)` makes one of ops."""

    __slots__ = ("_checks_only", "_declared", "_definitions", "_only")

    def __new__(cls, *_: Any, graph_def: object = None, **__: Any) -> JobDefinition:
        if graph_def is not None:
            from treadle._ops.jobs import OpJobDefinition

            return object.__new__(OpJobDefinition)
        return object.__new__(cls)

    def __init__(self, declared: UnresolvedAssetJobDefinition, definitions: Definitions) -> None:
        self._declared = declared
        self._definitions = definitions
        # Of a subset of it: the assets, and the checks, that it selects.
        self._only: frozenset[AssetKey] | None = None
        self._checks_only: frozenset[AssetCheckKey] | None = None

    @property
    def name(self) -> str:
        return self._declared.name

    @property
    def description(self) -> str | None:
        return self._declared.description

    @property
    def tags(self) -> Mapping[str, str]:
        return self._declared.tags

    @property
    def run_tags(self) -> Mapping[str, str]:
        return self._declared.run_tags

    @property
    def selection(self) -> AssetSelection:
        return self._declared.selection

    @property
    def metadata(self) -> Mapping[str, Any]:
        return self._declared.metadata

    # --- what it is made of

    def _running(self) -> list[AssetsDefinition]:
        """The definitions that it runs, in the order in which they were given."""
        from treadle._assets.definition import AssetsDefinition

        definitions = self._definitions
        selected = set(definitions._core().select(self._selection_now()._text))
        items = (*definitions._assets, *definitions._asset_checks)
        steps = [i for i in items if isinstance(i, AssetsDefinition) and i.is_executable]
        return [
            s
            for s in steps
            if any(o.key.to_user_string() in selected for o in s._outputs)
            or (not s._outputs and any(c.asset_key.to_user_string() in selected for c in s._check_specs))
        ]

    def _selection_now(self) -> AssetSelection:
        selection = self._declared.selection
        if self._only is None:
            return selection
        named = AssetSelection.assets(*sorted(self._only))
        return named if selection._checks is None else selection & named

    @property
    def graph(self) -> AssetJobGraph:
        from treadle._assets.job_graph import AssetJobGraph

        return AssetJobGraph(self.name, self._running())

    @property
    def nodes(self) -> Sequence[Any]:
        return self.graph.nodes

    @property
    def all_node_defs(self) -> Sequence[Any]:
        return self.graph.node_defs

    def has_node_named(self, name: str) -> bool:
        return self.graph.has_node_named(name)

    def get_node_named(self, name: str) -> Any:
        return self.graph.node_named(name)

    @property
    def required_resource_keys(self) -> frozenset[str]:
        """What its steps and hooks need, the IO managers among it."""
        running = self._running()
        keys = {k for s in running for k in (*s._required_resource_keys, *s._io_manager_keys())}
        keys.update(k for h in self.hook_defs for k in h.required_resource_keys)
        return frozenset(keys)

    @property
    def resource_defs(self) -> Mapping[str, Any]:
        return dict(self._definitions._resources)

    @property
    def run_config(self) -> Mapping[str, Any] | None:
        from treadle._config.run_schema import as_dict

        config = self._declared.config
        if config is None or self.partitioned_config is not None or self.config_mapping is not None:
            return None
        return as_dict(config)

    @property
    def partitioned_config(self) -> Any:
        config = self._declared.config
        return config if hasattr(config, "get_run_config_for_partition_key") else None

    @property
    def config_mapping(self) -> Any:
        from treadle._ops.config_mapping import ConfigMapping

        config = self._declared.config
        return config if isinstance(config, ConfigMapping) else None

    # --- parts of it

    def get_subset(
        self,
        *,
        op_selection: Iterable[str] | None = None,
        asset_selection: AbstractSet[AssetKey] | None = None,
        asset_check_selection: AbstractSet[AssetCheckKey] | None = None,
    ) -> JobDefinition:
        """The same, but it makes only these of its assets and evaluates only these checks."""
        unsupported("get_subset of a job of assets", op_selection=op_selection)
        if asset_selection is None and asset_check_selection is None:
            return self
        part = JobDefinition(self._declared, self._definitions)
        part._only = frozenset(AssetKey.from_coercible(k) for k in asset_selection or ())
        if asset_check_selection is not None:
            part._checks_only = frozenset(asset_check_selection)
        known = set(self._definitions._core().select(self._selection_now()._text))
        if unknown := sorted({k.to_user_string() for k in part._only} - known):
            raise DagsterInvalidSubsetError(
                f"AssetKey(s) {unknown} were selected, but no AssetsDefinition"
                " objects supply these keys. Make sure all keys are spelled correctly, and all"
                " AssetsDefinitions are correctly added to the `Definitions`."
            )
        return part

    @property
    def is_subset_job(self) -> bool:
        return self._only is not None

    @property
    def is_subset(self) -> bool:
        return self.is_subset_job

    @property
    def asset_selection(self) -> AbstractSet[AssetKey] | None:
        """The assets that it was cut down to."""
        return getattr(self, "_only", None)

    @property
    def asset_check_selection(self) -> AbstractSet[AssetCheckKey] | None:
        return getattr(self, "_checks_only", None)

    @property
    def op_selection(self) -> AbstractSet[str] | None:
        return None

    def _with(self, **changes: Any) -> JobDefinition:
        import copy

        declared = copy.copy(self._declared)
        for name, value in changes.items():
            setattr(declared, name, value)
        other = copy.copy(self)
        other._declared = declared
        return other

    def with_hooks(self, hook_defs: AbstractSet[HookDefinition]) -> JobDefinition:
        """The same with these hooks for all its steps as well."""
        return self._with(hooks=self.hook_defs | frozenset(hook_defs))

    def with_metadata(self, metadata: Mapping[str, Any]) -> JobDefinition:
        """The same with this metadata instead of its own."""
        return self._with(metadata=dict(metadata))

    def with_executor_def(self, executor_def: ExecutorDefinition) -> JobDefinition:
        return self._with(executor_def=executor_def)

    def with_top_level_resources(self, resource_defs: Mapping[str, object]) -> JobDefinition:
        """The same with these resources where its definitions have none of that name."""
        from treadle._definitions.definitions import Definitions

        mine = self._definitions
        other = self._with()
        other._definitions = Definitions(
            assets=mine._assets,
            asset_checks=mine._asset_checks,
            jobs=mine._jobs,
            resources={**resource_defs, **mine._resources},
            executor=mine._executor,
            loggers=mine._loggers,
        )
        return other

    @property
    def has_specified_executor(self) -> bool:
        return self._declared.executor_def is not None

    @property
    def has_specified_loggers(self) -> bool:
        return bool(self._definitions._loggers)

    @property
    def backfill_policy(self) -> BackfillPolicy:
        """How many partitions one of its runs takes: as few as any of the assets that it selects."""
        from treadle._assets.definition import AssetsDefinition
        from treadle._partitions.policy import BackfillPolicy

        selected = set(self._definitions._core().select(self.selection._text))
        policies = {
            item._backfill_policy or BackfillPolicy.multi_run(1)
            for item in self._definitions._assets
            if isinstance(item, AssetsDefinition)
            and any(o.partitions_def and o.key.to_user_string() in selected for o in item._outputs)
        }
        most = [p.max_partitions_per_run for p in policies if p.max_partitions_per_run is not None]
        if not policies or most:
            return BackfillPolicy.multi_run(min(most, default=1))
        return BackfillPolicy.single_run()

    @property
    def owners(self) -> Sequence[str]:
        return self._declared.owners

    @property
    def hook_defs(self) -> AbstractSet[HookDefinition]:
        return self._declared.hooks

    @property
    def op_retry_policy(self) -> RetryPolicy | None:
        return self._declared.op_retry_policy

    @property
    def automation_condition(self) -> AutomationCondition | None:
        return self._declared.automation_condition if hasattr(self, "_declared") else None

    @property
    def loggers(self) -> Mapping[str, Any]:
        return dict(self._definitions.loggers or {})

    def resolve(self, definitions: Definitions) -> JobDefinition:
        return self

    def _to_core(self) -> tuple[Any, ...]:
        return self._declared._to_core()

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
    ) -> ExecuteInProcessResult:
        """Runs it in this process."""
        unsupported(
            "execute_in_process",
            op_selection=op_selection,
            input_values=input_values,
        )
        if partition_key is not None:
            run_config, tags = self._of_partition(run_config, tags, partition_key)
        return self._execute_assets(
            run_config, instance, raise_on_error, asset_selection, run_id, tags, resources, None
        )

    def execute_partitions(
        self,
        partitions: str | Sequence[str] | PartitionKeyRange,
        instance: DagsterInstance | None = None,
        run_config: Any = None,
        raise_on_error: bool = True,
        tags: Mapping[str, str] | None = None,
    ) -> list[ExecuteInProcessResult]:
        """Runs it over partitions, in as many runs as the backfill policies of its assets ask for; see
        `materialize_partitions`. Treadle's own."""
        from treadle._run.partitioned import runs_over

        def one(instance: DagsterInstance, own: Mapping[str, str]) -> ExecuteInProcessResult:
            config = run_config
            all_tags: Mapping[str, str] = {**(tags or {}), **own}
            if key := own.get("dagster/partition"):
                config, all_tags = self._of_partition(run_config, all_tags, key)
            return self._execute_assets(config, instance, raise_on_error, None, None, all_tags, None, None)

        return runs_over(self._definitions._core(), self.selection._text, partitions, instance, one)

    def _checked_run_config(self, run_config: Any) -> dict[str, Any]:
        """What validate_run_config says."""
        from treadle._config.run_schema import as_dict, asset_shape, checked, told
        from treadle._resources.definition import definitions_of

        running = self._running()
        given = as_dict(run_config or self._declared.config)
        definitions, executor = self._definitions, self.executor_def
        resources = definitions_of(definitions._resources)
        shape = asset_shape(running, resources, loggers=definitions._loggers, executor=executor)
        complete = checked(shape, given, self.name)
        return told({s._name: complete["ops"].get(s._name) or {} for s in running}, complete, executor)

    def _of_partition(
        self, run_config: Any, tags: Mapping[str, str] | None, partition_key: str
    ) -> tuple[Any, Mapping[str, str]]:
        """The run config and tags of a run over one partition."""
        own: Mapping[str, str] = {}
        config = self._declared.config
        if hasattr(config, "get_run_config_for_partition_key"):
            windows = config.partitions_def
            if hasattr(windows, "get_last_partition_key"):  # of time: no other reads the key itself
                windows.validate_partition_key(partition_key)
            own = config.get_tags_for_partition_key(partition_key, self.name)
            if run_config is None:
                run_config = config.get_run_config_for_partition_key(partition_key)
        elif (partitions := self.partitions_def) is not None:
            own = {
                **partitions.get_tags_for_partition_key(partition_key),
                "dagster/partition_set": f"{self.name}_partition_set",
            }
        return run_config, {**own, **(tags or {}), "dagster/partition": str(partition_key)}

    @property
    def partitions_def(self) -> Any:
        """That of the assets it selects, or of its config; None when neither has some."""
        found = self._partitions_of_assets()
        return found[0] if found and all(p == found[0] for p in found) else self._partitions_of_config()

    def _partitions_of_config(self) -> Any:
        config = self._declared.config
        return config.partitions_def if hasattr(config, "get_run_config_for_partition_key") else None

    def _check_partitions(self) -> None:
        """What the job is said to be over is what its assets are over."""
        declared, config = self._declared.partitions_def, self._partitions_of_config()
        if declared is None and config is None:
            return
        of_assets = next(iter(self._partitions_of_assets()), None)
        if of_assets is None:
            return
        if declared not in (None, of_assets, config):
            raise DagsterInvalidDefinitionError(
                f"Failed to resolve asset job {self.name}: its partitions_def is {declared}, and the assets"
                f" that it selects have {of_assets}. Leave partitions_def out: it is that of the assets."
            )
        if config is not None and config != of_assets:
            raise CheckError(
                "Can't supply a PartitionedConfig for 'config' with a different PartitionsDefinition than"
                f" supplied for 'partitions_def'. The config of job '{self.name}' is for {config}, its assets"
                f" have {of_assets}."
            )

    def _partitions_of_assets(self) -> list[Any]:
        from treadle._assets.definition import AssetsDefinition

        definitions = self._definitions
        selected = set(definitions._core().select(self.selection._text))
        items = (*definitions._assets, *definitions._asset_checks)
        steps = [item for item in items if isinstance(item, AssetsDefinition)]
        made = [(o.key, o.partitions_def) for s in steps for o in s._outputs]
        made += [(c.asset_key, c.partitions_def) for s in steps for c in s._check_specs]
        return [p for k, p in made if p is not None and k.to_user_string() in selected]

    def _execute_assets(
        self,
        run_config: Any,
        instance: DagsterInstance | None,
        raise_on_error: bool,
        asset_selection: Sequence[Any] | None,
        run_id: str | None,
        tags: Mapping[str, str] | None,
        resources: Mapping[str, object] | None,
        executor: Executor | None,
        parent: str = "",
        again: Sequence[str] | None = None,
    ) -> ExecuteInProcessResult:
        from treadle._run.execute import execute

        if asset_selection is not None:
            wanted = {AssetKey.from_coercible(key) for key in asset_selection}
            part = self.get_subset(asset_selection=wanted)
            return part._execute_assets(
                run_config, instance, raise_on_error, None, run_id, tags, resources, executor, parent, again
            )
        declared = self._declared
        selection = self._selection_now()
        if self._checks_only is not None:
            selection = AssetSelection(selection._text, Checks("named", self._checks_only))
        definitions = self._definitions
        if run_config is None:
            run_config = self._own_config()
        return execute(
            [_hooked(d, declared.hooks) for d in (*definitions._assets, *definitions._asset_checks)],
            resources={**definitions._resources, **(resources or {})},
            jobs=definitions._jobs,
            selection=selection,
            run_config=run_config,
            instance=instance,
            raise_on_error=raise_on_error,
            tags={**declared.run_tags, **(tags or {})},
            job_name=declared.name,
            run_id=run_id,
            retry_policy=declared.op_retry_policy,
            executor=executor,
            loggers=definitions._loggers,
            job=self,
            parent=parent,
            again=again,
        )

    def _own_config(self) -> Any:
        """Its configuration; of a subset what is said of the steps that are left."""
        config = _plain_config(self._declared.config)
        if self._only is None or config is None:
            return config
        from treadle._config.run_schema import as_dict

        whole = as_dict(config)
        names = {s._name for s in self._running()}
        if "ops" in whole:
            whole["ops"] = {k: v for k, v in whole["ops"].items() if k in names}
        return whole

    @property
    def executor_def(self) -> ExecutorDefinition:
        from treadle._run.executors import multi_or_in_process_executor

        given: Any = self._declared.executor_def or getattr(self._definitions, "_executor", None)
        return given or multi_or_in_process_executor


def define_asset_job(
    name: str,
    selection: CoercibleToAssetSelection | None = None,
    config: Any = None,
    description: str | None = None,
    tags: Mapping[str, object] | None = None,
    run_tags: Mapping[str, object] | None = None,
    metadata: Mapping[str, Any] | None = None,
    partitions_def: object | None = None,
    executor_def: object | None = None,
    hooks: AbstractSet[HookDefinition] | None = None,
    op_retry_policy: RetryPolicy | None = None,
    owners: Sequence[str] | None = None,
    automation_condition: AutomationCondition | None = None,
    *,
    memoize: bool = False,
) -> UnresolvedAssetJobDefinition:
    """Declares a job that materializes a selection of assets (all, when none is given) with the checks on
    them. With `memoize` (Treadle's own) what was made of the same code, config and inputs before is linked.
    """
    if automation_condition is not None and not _asks_of_roots(automation_condition):
        raise DagsterInvalidDefinitionError(
            f"Job '{name}' has an automation_condition that does not evaluate against the job's root assets."
            " Asset-level conditions such as `AutomationCondition.eager()` cannot be applied to a job"
            " directly; wrap them with `AutomationCondition.any_job_root_assets_match(...)` or"
            " `AutomationCondition.all_job_root_assets_match(...)`."
        )
    if memoize:
        run_tags = {**(run_tags if run_tags is not None else tags or {}), "treadle/memoize": "true"}
    return UnresolvedAssetJobDefinition(
        check_name(name),
        selection_text(selection),
        config,
        description,
        tags,
        run_tags,
        metadata,
        executor_def,
        op_retry_policy,
        owners,
        partitions_def if partitions_def is not None else getattr(config, "partitions_def", None),
        hooks,
        automation_condition,
    )


def _asks_of_roots(condition: AutomationCondition) -> bool:
    of_roots = ("ANY_JOB_ROOT_ASSETS_MATCH", "ALL_JOB_ROOT_ASSETS_MATCH")
    return condition.name in of_roots or any(_asks_of_roots(child) for child in condition.children)


def _hooked(definition: Any, hooks: AbstractSet[HookDefinition]) -> Any:
    return definition.with_hooks(hooks) if hooks and hasattr(definition, "with_hooks") else definition


def _plain_config(config: Any) -> Any:
    """A PartitionedConfig says nothing without a partition."""
    return None if hasattr(config, "get_run_config_for_partition_key") else config
