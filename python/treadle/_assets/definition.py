"""AssetsDefinition: a function together with the assets and checks it makes. What the decorators return."""

from __future__ import annotations

from enum import Enum

from treadle._assets.inputs_outputs import AssetOutput, Input
from treadle._assets.keys import AssetCheckKey, AssetKey
from treadle._assets.op_ref import OpRef
from treadle._assets.specs import AssetCheckSpec, AssetDep, AssetSpec, SourceAsset
from treadle._errors import CheckError, DagsterInvalidDefinitionError, DagsterInvariantViolationError
from treadle._typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from typing import Any

    from treadle._automation.conditions import AutomationCondition
    from treadle._automation.freshness import FreshnessPolicy
    from treadle._automation.legacy_policy import AutoMaterializePolicy
    from treadle._ops.hooks import HookDefinition
    from treadle._run.policies import RetryPolicy
    from treadle._typing import CoercibleToAssetKey, UserFn


class ExecutionType(Enum):
    """What running a definition does to its assets."""

    MATERIALIZATION = "MATERIALIZATION"
    OBSERVATION = "OBSERVATION"
    UNEXECUTABLE = "UNEXECUTABLE"


def _made_elsewhere() -> None:
    raise DagsterInvalidDefinitionError("An external asset is made elsewhere: there is nothing to call.")


class AssetsDefinition:
    """A function and what it makes: one asset (`asset`), several (`multi_asset`), or checks
    (`AssetChecksDefinition`). `AssetsDefinition(specs=[...])` are assets that are made elsewhere.
    """

    __slots__ = (
        "__name__",
        "__weakref__",
        "_backfill_policy",
        "_can_subset",
        "_check_specs",
        "_config_field_cache",
        "_config_schema",
        "_execution_type",
        "_fn",
        "_hooks",
        "_inputs",
        "_is_multi",
        "_kwargs_param",
        "_memoize",
        "_name",
        "_op_tags",
        "_outputs",
        "_place",
        "_plan_cache",
        "_pool",
        "_required_resource_keys",
        "_resource_defs",
        "_resource_params",
        "_retry_policy",
        "_takes_config",
        "_takes_context",
    )
    _is_check = False

    def __new__(cls, *_: Any, node_def: Any = None, **given: Any) -> AssetsDefinition:
        if node_def is None:
            return object.__new__(cls)
        from treadle._ops.graph_assets import from_declared

        return from_declared(node_def, **given)

    def __init__(
        self,
        *,
        specs: Sequence[AssetSpec] | None = None,
        name: str = "",
        fn: UserFn = _made_elsewhere,
        inputs: Sequence[Input] = (),
        outputs: Sequence[AssetOutput] = (),
        check_specs: Sequence[AssetCheckSpec] = (),
        takes_context: bool = False,
        takes_config: Any = None,
        config_schema: Any = None,
        kwargs_param: bool = False,
        resource_params: Mapping[str, str] | None = None,
        required_resource_keys: Iterable[str] = (),
        resource_defs: Mapping[str, object] | None = None,
        retry_policy: RetryPolicy | None = None,
        op_tags: Mapping[str, Any] | None = None,
        can_subset: bool = False,
        is_multi: bool = False,
        execution_type: ExecutionType = ExecutionType.MATERIALIZATION,
        backfill_policy: Any = None,
        memoize: bool = False,
        hooks: Iterable[HookDefinition] | None = None,
        pool: str | None = None,
    ) -> None:
        self._hooks: frozenset[HookDefinition] = frozenset(hooks or ())
        self._pool = pool
        self._backfill_policy = backfill_policy
        self._memoize = memoize
        if specs is not None:
            from treadle._assets.external import external_asset

            self._become(external_asset(specs))
            return
        self._name = name
        self._fn = fn
        self._inputs = list(inputs)
        self._outputs = list(outputs)
        self._check_specs = check_specs
        self._takes_context = takes_context
        if takes_config is not None and config_schema:
            raise CheckError("If the @op has a config arg, you cannot specify a config schema")
        self._takes_config = takes_config
        if config_schema is not None:
            from treadle._config.definition import schema_of

            schema_of(config_schema)  # says what is wrong with it
        self._config_schema = config_schema
        self._config_field_cache: Any = None
        self._kwargs_param = kwargs_param
        self._resource_params = resource_params
        of_hooks = {k for h in self._hooks for k in h.required_resource_keys}
        self._required_resource_keys = frozenset((*required_resource_keys, *of_hooks))
        self._resource_defs = dict(resource_defs) if resource_defs else {}
        self._retry_policy = retry_policy
        self._op_tags = op_tags or {}
        self._can_subset = can_subset
        self._is_multi = is_multi
        self._execution_type = execution_type
        self._plan_cache: Any = None
        self.__name__ = getattr(fn, "__name__", name)
        code = getattr(fn, "__code__", None)
        self._place = (code.co_filename, code.co_firstlineno) if code is not None else ("", 0)

    def __repr__(self) -> str:
        return (
            f"<{type(self).__name__} {self._name!r} with {'keys' if self._is_multi else 'key'}"
            f" {', '.join(k.to_user_string() for k in self.keys)}>"
        )

    def __str__(self) -> str:
        if len(self._outputs) == 1:
            return f"AssetsDefinition with key {self.key.to_string()}"
        return f"AssetsDefinition with keys {', '.join(sorted(k.to_string() for k in self.keys))}"

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Calls the function itself: nothing is loaded, kept or recorded."""
        from treadle._run.invoke import invoke

        return invoke(self, args, kwargs)

    def _copy(self) -> AssetsDefinition:
        other = object.__new__(type(self))
        other._become(self)
        return other

    def _become(self, other: AssetsDefinition) -> None:
        for slot in AssetsDefinition.__slots__:
            if slot != "__weakref__":
                setattr(self, slot, getattr(other, slot))
        self._plan_cache = None

    # --- what it makes

    @property
    def key(self) -> AssetKey:
        if len(self._outputs) != 1:
            raise CheckError(
                "Invariant failed. Description: Tried to retrieve asset key from an assets definition with"
                f" multiple asset keys: {', '.join(o.key.to_string() for o in self._outputs)}"
            )
        return self._outputs[0].key

    @property
    def keys(self) -> set[AssetKey]:
        return {o.key for o in self._outputs}

    @property
    def specs(self) -> Iterable[AssetSpec]:
        return [self._spec(o) for o in self._outputs]

    @property
    def specs_by_key(self) -> Mapping[AssetKey, AssetSpec]:
        return {o.key: self._spec(o) for o in self._outputs}

    def _spec(self, output: AssetOutput) -> AssetSpec:
        keys = output.follows_from
        mappings = {i.key: i.partition_mapping for i in self._inputs}
        deps = [AssetDep(k, partition_mapping=mappings.get(k)) for k in (mappings if keys is None else keys)]
        return AssetSpec(
            output.key,
            deps=list({d.asset_key: d for d in deps}.values()),
            description=output.description,
            metadata=output.metadata,
            skippable=not output.required,
            group_name=output.group or "default",
            code_version=output.code_version,
            owners=output.owners,
            automation_condition=output.automation_condition,
            freshness_policy=output.freshness_policy,
            partitions_def=output.partitions_def,
        )._replace(tags=dict(output.tags or {}))

    def get_asset_spec(self, key: AssetKey | None = None) -> AssetSpec:
        return self._spec(self._output(key if key is not None else self.key))

    def _output(self, key: AssetKey) -> AssetOutput:
        for output in self._outputs:
            if output.key == key:
                return output
        raise DagsterInvariantViolationError(
            f"Asset key {key.to_user_string()} not found in AssetsDefinition"
        )

    @property
    def check_specs(self) -> Iterable[AssetCheckSpec]:
        return list(self._check_specs)

    @property
    def check_keys(self) -> set[AssetCheckKey]:
        return {c.key for c in self._check_specs}

    @property
    def check_key(self) -> AssetCheckKey:
        if len(self._check_specs) != 1:
            raise CheckError(
                f"Tried to retrieve the check key of {self._name!r}, which has {len(self._check_specs)}"
                " checks, not one."
            )
        return self._check_specs[0].key

    def get_spec_for_check_key(self, asset_check_key: AssetCheckKey) -> AssetCheckSpec:
        for spec in self._check_specs:
            if spec.key == asset_check_key:
                return spec
        raise CheckError(f"Check {asset_check_key.to_user_string()} not found in {self!r}")

    @property
    def has_keys(self) -> bool:
        return bool(self._outputs)

    @property
    def has_check_keys(self) -> bool:
        return bool(self._check_specs)

    @property
    def group_names_by_key(self) -> Mapping[AssetKey, str]:
        return {o.key: o.group or "default" for o in self._outputs}

    @property
    def descriptions_by_key(self) -> Mapping[AssetKey, str]:
        return {o.key: o.description for o in self._outputs if o.description is not None}

    @property
    def metadata_by_key(self) -> Mapping[AssetKey, Mapping[str, Any]]:
        return {o.key: dict(o.metadata or {}) for o in self._outputs}

    @property
    def tags_by_key(self) -> Mapping[AssetKey, Mapping[str, str]]:
        return {o.key: dict(o.tags or {}) for o in self._outputs}

    @property
    def owners_by_key(self) -> Mapping[AssetKey, Sequence[str]]:
        return {o.key: list(o.owners) for o in self._outputs}

    @property
    def automation_conditions_by_key(self) -> Mapping[AssetKey, AutomationCondition]:
        return {o.key: o.automation_condition for o in self._outputs if o.automation_condition is not None}

    @property
    def auto_materialize_policies_by_key(self) -> Mapping[AssetKey, AutoMaterializePolicy]:
        return {k: c.as_auto_materialize_policy() for k, c in self.automation_conditions_by_key.items()}

    @property
    def freshness_policies_by_key(self) -> Mapping[AssetKey, FreshnessPolicy]:
        return {o.key: o.freshness_policy for o in self._outputs if o.freshness_policy is not None}

    @property
    def code_versions_by_key(self) -> Mapping[AssetKey, str | None]:
        return {o.key: o.code_version for o in self._outputs}

    # --- what it needs

    @property
    def keys_by_input_name(self) -> Mapping[str, AssetKey]:
        return {i.name or i.key.to_python_identifier(): i.key for i in self._inputs}

    @property
    def keys_by_output_name(self) -> Mapping[str, AssetKey]:
        return {o.name: o.key for o in self._outputs}

    @property
    def input_names(self) -> Iterable[str]:
        return list(self.keys_by_input_name)

    @property
    def dependency_keys(self) -> Iterable[AssetKey]:
        return {d.asset_key for o in self._outputs for d in self._spec(o).deps}

    @property
    def asset_deps(self) -> Mapping[AssetKey, set[AssetKey]]:
        return {o.key: {d.asset_key for d in self._spec(o).deps} for o in self._outputs}

    @property
    def required_resource_keys(self) -> set[str]:
        return set(self._required_resource_keys)

    @property
    def resource_defs(self) -> Mapping[str, object]:
        return dict(self._resource_defs)

    def get_io_manager_key_for_asset_key(self, key: AssetKey) -> str:
        return self._output(key).io_manager_key

    def get_output_name_for_asset_key(self, key: AssetKey) -> str:
        return self._output(key).name

    # --- how it runs

    @property
    def op(self) -> OpRef:
        return OpRef(self)

    @property
    def node_def(self) -> OpRef:
        return OpRef(self)

    @property
    def can_subset(self) -> bool:
        return self._can_subset

    @property
    def execution_type(self) -> ExecutionType:
        return self._execution_type

    @property
    def is_executable(self) -> bool:
        return self._execution_type is not ExecutionType.UNEXECUTABLE

    @property
    def is_materializable(self) -> bool:
        return self._execution_type is ExecutionType.MATERIALIZATION and bool(self._outputs)

    @property
    def is_external(self) -> bool:
        return self._execution_type is not ExecutionType.MATERIALIZATION

    @property
    def is_observable(self) -> bool:
        return self._execution_type is ExecutionType.OBSERVATION

    @property
    def partitions_def(self) -> Any:
        """Of what it makes or checks; None when that is not partitioned."""
        made = {o.partitions_def for o in self._outputs if o.partitions_def is not None}
        if len(made) > 1:
            raise CheckError(
                f"The assets of '{self._name}' have different partitions definitions: ask its specs for them."
            )
        checked = (c.partitions_def for c in self._check_specs if c.partitions_def is not None)
        return next(iter(made), None) or next(checked, None)

    def _partitions_def_of(self, step: Any) -> Any:
        """Of the assets that a step makes."""
        made = (o.partitions_def for i, o in enumerate(self._outputs) if step.output_selected(i))
        return next((p for p in made if p is not None), None) or next(
            (c.partitions_def for c in self._check_specs if c.partitions_def is not None), None
        )

    def get_partition_mapping(self, in_asset_key: CoercibleToAssetKey) -> Any:
        """How it depends on the partitions of an upstream asset; None where nothing was said."""
        wanted = AssetKey.from_coercible(in_asset_key)
        return next((i.partition_mapping for i in self._inputs if i.key == wanted), None)

    def infer_partition_mapping(
        self, asset_key: CoercibleToAssetKey, upstream_asset_key: CoercibleToAssetKey, upstream: Any
    ) -> Any:
        """The mapping between one of its assets and an upstream asset with the partitions `upstream`: the one
        that was given, or what is used without.
        """
        from treadle._partitions.mappings import infer_partition_mapping

        key = AssetKey.from_coercible(asset_key)
        own = next((o.partitions_def for o in self._outputs if o.key == key), None)
        return infer_partition_mapping(self.get_partition_mapping(upstream_asset_key), own, upstream)

    @property
    def backfill_policy(self) -> Any:
        return self._backfill_policy

    def _io_manager_keys(self) -> Iterable[str]:
        yield from (o.io_manager_key for o in self._outputs)
        yield from (i.manager_key for i in self._inputs if i.manager_key)

    def _step_of(self, output: str) -> tuple[str, str]:
        """The step that makes an output, and what the output is called there."""
        return self._name, output

    @staticmethod
    def from_graph(graph_def: Any, **given: Any) -> AssetsDefinition:
        """Assets that are the outputs of a graph. Arguments: see treadle._ops.graph_assets.from_node."""
        from treadle._ops.graph_assets import from_node

        return from_node(graph_def, **given)

    @staticmethod
    def from_op(op_def: Any, **given: Any) -> AssetsDefinition:
        """Assets that are the outputs of an op."""
        from treadle._ops.graph_assets import from_node

        return from_node(op_def, **given)

    # --- variations

    def with_resources(self, resource_defs: Mapping[str, object]) -> AssetsDefinition:
        """The same with resources bound to it; those it was declared with stay."""
        other = self._copy()
        other._resource_defs = {**resource_defs, **self._resource_defs}
        return other

    @property
    def hook_defs(self) -> frozenset[HookDefinition]:
        return self._hooks

    def with_hooks(self, hook_defs: Iterable[HookDefinition]) -> AssetsDefinition:
        """The same with these hooks called when it has been made, or has failed, as well."""
        other = self._copy()
        other._hooks = self._hooks | frozenset(hook_defs)
        of_hooks = {k for h in hook_defs for k in h.required_resource_keys}
        other._required_resource_keys = self._required_resource_keys | of_hooks
        return other

    def map_asset_specs(self, fn: Callable[[AssetSpec], AssetSpec]) -> AssetsDefinition:
        """The same with each spec replaced by what `fn` makes of it. It may add and take away dependencies
        without a value, and must not change keys.
        """
        other = self._copy()
        other._outputs = []
        deps: list[list[AssetDep]] = []
        changed = False
        for output in self._outputs:
            before = self._spec(output)
            spec = fn(before)
            if spec.key != before.key:
                raise DagsterInvalidDefinitionError(
                    f"Asset key {before.key.to_user_string()} was changed to {spec.key.to_user_string()}."
                    " Mapping function must not change keys."
                )
            deps.append(list(spec.deps))
            changed = changed or {d.asset_key for d in spec.deps} != {d.asset_key for d in before.deps}
            other._outputs.append(
                output
                if spec is before
                else output.copy(
                    group=spec.group_name,
                    description=spec.description,
                    owners=tuple(spec.owners),
                    tags=dict(spec.tags),
                    metadata=dict(spec.metadata),
                    code_version=spec.code_version,
                    automation_condition=spec.automation_condition,
                    freshness_policy=spec.freshness_policy,
                )
            )
        if changed:
            other._depend_on(deps)
        return other

    def _depend_on(self, deps: list[list[AssetDep]]) -> None:
        """Makes these, in the order of the outputs, all that is depended on."""
        wanted = {d.asset_key: d for of_output in deps for d in of_output}
        for given in self._inputs:
            if given.name and given.key not in wanted:
                raise CheckError(
                    "Invariant failed. Description: Attempted to remove argument-backed dependency"
                    f" {given.key} (mapped to argument {given.name}) from the asset. Only non-argument"
                    " dependencies can be changed or removed using map_asset_specs."
                )
        self._inputs = [i for i in self._inputs if i.key in wanted]
        known = {i.key for i in self._inputs} | self.keys
        self._inputs += [Input("", k, "", d.metadata) for k, d in wanted.items() if k not in known]
        if len(self._outputs) > 1 or not self._inputs:
            for index, of_output in enumerate(deps):
                self._outputs[index] = self._outputs[index].copy(
                    follows_from=[d.asset_key for d in of_output]
                )

    def with_attributes(
        self,
        *,
        asset_key_replacements: Mapping[AssetKey, AssetKey] | None = None,
        group_names_by_key: Mapping[AssetKey, str] | None = None,
        tags_by_key: Mapping[AssetKey, Mapping[str, str]] | None = None,
        automation_condition: Any = None,
        backfill_policy: Any = None,
        hook_defs: Any = None,
        metadata_by_key: Mapping[Any, Mapping[str, Any]] | None = None,
    ) -> AssetsDefinition:
        """The same with other keys, here and in what it depends on; with groups, tags, metadata and hooks;
        with a condition where there was none.
        """
        groups, keys = group_names_by_key or {}, asset_key_replacements or {}
        tags, metadata = tags_by_key or {}, metadata_by_key or {}
        for name, taken in (
            ("automation_condition", [o for o in self._outputs if o.automation_condition]),
            ("tags", [o for o in self._outputs if o.tags and o.key in tags]),
            (
                "group_name",
                [o for o in self._outputs if o.group not in (None, "default") and o.key in groups],
            ),
        ):
            if taken and (name != "automation_condition" or automation_condition is not None):
                raise DagsterInvalidDefinitionError(
                    f"{name} already exists on assets {', '.join(o.key.to_user_string() for o in taken)}"
                )
        other = self.with_hooks(hook_defs) if hook_defs else self._copy()
        other._backfill_policy = backfill_policy or self._backfill_policy
        other._outputs = [
            o.copy(
                automation_condition=automation_condition or o.automation_condition,
                key=keys.get(o.key, o.key),
                group=groups.get(o.key, o.group),
                tags=tags.get(o.key, o.tags),
                metadata=metadata.get(o.key, o.metadata),
                follows_from=None if o.follows_from is None else [keys.get(k, k) for k in o.follows_from],
            )
            for o in self._outputs
        ]
        if metadata:
            other._check_specs = [
                c._replace(metadata=dict(metadata[c.key])) if c.key in metadata else c
                for c in self._check_specs
            ]
        if keys:
            other._inputs = [
                Input(i.name, keys.get(i.key, i.key), i.manager_key, i.metadata, i.type, i.by_name)
                for i in self._inputs
            ]
            other._check_specs = [
                c._replace(
                    asset_key=keys.get(c.asset_key, c.asset_key),
                    additional_deps=[
                        d._replace(asset_key=keys.get(d.asset_key, d.asset_key)) for d in c.additional_deps
                    ],
                )
                for c in other._check_specs
            ]
            if not self._is_multi and (len(other._outputs) == 1 or other._check_specs):
                other._name = (
                    other._outputs[0].key.to_python_identifier()
                    if other._outputs
                    else other._check_specs[0].get_python_identifier()
                )
        return other

    def to_source_assets(self) -> Sequence[SourceAsset]:
        return [
            SourceAsset(
                o.key,
                dict(o.metadata or {}),
                o.io_manager_key,
                description=o.description,
                group_name=o.group,
                resource_defs=self._resource_defs,
                partitions_def=o.partitions_def,
            )._replace(tags=dict(o.tags or {}))
            for o in self._outputs
        ]

    def to_source_asset(self, key: CoercibleToAssetKey | None = None) -> SourceAsset:
        if key is None:
            if len(self._outputs) != 1:
                raise CheckError(
                    "Invariant failed. Description: The 'key' argument is required when there are multiple"
                    " assets to choose from"
                )
            return self.to_source_assets()[0]
        wanted = AssetKey.from_coercible(key)
        for source in self.to_source_assets():
            if source.key == wanted:
                return source
        raise CheckError(f"Invariant failed. Description: Key {wanted} not found in AssetsDefinition")


class AssetChecksDefinition(AssetsDefinition):
    """A function and the checks it evaluates."""

    __slots__ = ()
    _is_check = True

    @property
    def name(self) -> str:
        return self.check_key.name

    @property
    def asset_key(self) -> AssetKey:
        return self.check_key.asset_key

    @property
    def spec(self) -> AssetCheckSpec:
        return self._check_specs[0]
