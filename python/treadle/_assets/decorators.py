"""The decorators `asset` and `multi_asset`."""

from __future__ import annotations

from treadle._assets.definition import AssetsDefinition
from treadle._assets.inputs_outputs import AssetOutput, Input
from treadle._assets.keys import AssetKey, prefix_parts
from treadle._assets.rules import check_group, check_name, check_owners, check_tags, clean_doc, unsupported
from treadle._assets.signature import Signature, gives_nothing
from treadle._assets.specs import (
    IO_MANAGER_KEY,
    AssetCheckSpec,
    AssetIn,
    AssetOut,
    AssetSpec,
    Nothing,
    NoValue,
    check_condition,
    check_freshness_policy,
    check_partitions_def,
    coerce_deps,
    with_kinds,
)
from treadle._errors import CheckError, DagsterInvalidDefinitionError, ParameterCheckError
from treadle._typing import TYPE_CHECKING, overload

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
    from collections.abc import Set as AbstractSet
    from typing import Any

    from treadle._automation.conditions import AutomationCondition
    from treadle._automation.freshness import FreshnessPolicy
    from treadle._automation.legacy_policy import AutoMaterializePolicy
    from treadle._ops.hooks import HookDefinition
    from treadle._run.policies import RetryPolicy
    from treadle._typing import CoercibleToAssetDep, CoercibleToAssetKey, CoercibleToAssetKeyPrefix, UserFn


def _all_deps(
    deps: Iterable[CoercibleToAssetDep] | None, non_argument_deps: AbstractSet[Any] | None
) -> Iterable[CoercibleToAssetDep] | None:
    """`non_argument_deps` is the older name of `deps`."""
    if non_argument_deps is None:
        return deps
    if deps is not None:
        raise DagsterInvalidDefinitionError(
            "Cannot specify both deps and non_argument_deps to @asset. Use only deps instead."
        )
    if not isinstance(non_argument_deps, (set, frozenset)):
        raise CheckError("non_arguments_deps must be a set if not None")
    return sorted(non_argument_deps, key=str)


@overload
def asset(compute_fn: UserFn, /) -> AssetsDefinition: ...
@overload
def asset(
    compute_fn: None = None,
    *,
    name: str | None = None,
    key_prefix: CoercibleToAssetKeyPrefix | None = None,
    ins: Mapping[str, AssetIn] | None = None,
    deps: Iterable[CoercibleToAssetDep] | None = None,
    metadata: Mapping[str, Any] | None = None,
    tags: Mapping[str, str] | None = None,
    description: str | None = None,
    config_schema: Any = None,
    required_resource_keys: AbstractSet[str] | None = None,
    resource_defs: Mapping[str, object] | None = None,
    hooks: AbstractSet[HookDefinition] | None = None,
    io_manager_def: object | None = None,
    io_manager_key: str | None = None,
    dagster_type: Any = None,
    partitions_def: object | None = None,
    op_tags: Mapping[str, Any] | None = None,
    group_name: str | None = None,
    output_required: bool = True,
    automation_condition: AutomationCondition | None = None,
    freshness_policy: FreshnessPolicy | None = None,
    backfill_policy: object | None = None,
    retry_policy: RetryPolicy | None = None,
    code_version: str | None = None,
    key: CoercibleToAssetKey | None = None,
    check_specs: Sequence[AssetCheckSpec] | None = None,
    owners: Sequence[str] | None = None,
    kinds: AbstractSet[str] | None = None,
    pool: str | None = None,
    is_virtual: bool = False,
    compute_kind: str | None = None,
    memoize: bool = False,
    non_argument_deps: AbstractSet[Any] | None = None,
    auto_materialize_policy: AutoMaterializePolicy | None = None,
) -> Callable[[UserFn], AssetsDefinition]: ...


def asset(
    compute_fn: UserFn | None = None,
    *,
    name: str | None = None,
    key_prefix: CoercibleToAssetKeyPrefix | None = None,
    ins: Mapping[str, AssetIn] | None = None,
    deps: Iterable[CoercibleToAssetDep] | None = None,
    metadata: Mapping[str, Any] | None = None,
    tags: Mapping[str, str] | None = None,
    description: str | None = None,
    config_schema: Any = None,
    required_resource_keys: AbstractSet[str] | None = None,
    resource_defs: Mapping[str, object] | None = None,
    hooks: AbstractSet[HookDefinition] | None = None,
    io_manager_def: object | None = None,
    io_manager_key: str | None = None,
    dagster_type: Any = None,
    partitions_def: object | None = None,
    op_tags: Mapping[str, Any] | None = None,
    group_name: str | None = None,
    output_required: bool = True,
    automation_condition: AutomationCondition | None = None,
    freshness_policy: FreshnessPolicy | None = None,
    backfill_policy: object | None = None,
    retry_policy: RetryPolicy | None = None,
    code_version: str | None = None,
    key: CoercibleToAssetKey | None = None,
    check_specs: Sequence[AssetCheckSpec] | None = None,
    owners: Sequence[str] | None = None,
    kinds: AbstractSet[str] | None = None,
    pool: str | None = None,
    is_virtual: bool = False,
    compute_kind: str | None = None,
    memoize: bool = False,
    non_argument_deps: AbstractSet[Any] | None = None,
    auto_materialize_policy: AutoMaterializePolicy | None = None,
) -> Any:
    """Declares an asset: the function computes it, its parameters name the assets it is computed from.

    What the function returns is kept by the IO manager. A first parameter named `context` receives the
    AssetExecutionContext.
    """
    check_partitions_def(partitions_def)
    deps = _all_deps(deps, non_argument_deps)
    if is_virtual:
        unsupported("@asset", is_virtual=is_virtual)

    def decorate(fn: UserFn) -> AssetsDefinition:
        what = "@asset"
        out_key = asset_key_of(fn, name, key_prefix, key, what)
        step = out_key.to_python_identifier()
        signature = Signature(fn, f"{what} '{step}'", frozenset(ins) if ins else frozenset())
        _check_resources(required_resource_keys, signature, what)
        inputs = value_inputs(signature, ins, step)
        add_deps(inputs, deps, what, out_key)
        manager_key, bound = _io_manager(io_manager_key, io_manager_def, resource_defs, step)
        declared_type = dagster_type if dagster_type is not None else signature.returns
        if group_name is not None:
            check_group(group_name)
        all_kinds = [*(kinds or ()), *([compute_kind] if compute_kind else [])]
        output = AssetOutput(
            "result",
            out_key,
            group_name,
            description if description is not None else clean_doc(fn.__doc__),
            check_owners(owners, out_key) if owners is not None else (),
            with_kinds(check_tags(tags, out_key), all_kinds, out_key) if tags or all_kinds else None,
            metadata,
            code_version,
            output_required,
            not gives_nothing(declared_type),
            manager_key,
            None,
            declared_type,
            check_condition(automation_condition, out_key, auto_materialize_policy),
            check_freshness_policy(freshness_policy, out_key),
            partitions_def,
        )
        checks = own_checks(check_specs, {out_key}) if check_specs else ()
        if key is None and key_prefix is None:
            check_name(step)
        for check in checks:
            add_deps(inputs, list(check.additional_deps), what, out_key)
        return AssetsDefinition(
            name=step,
            fn=fn,
            inputs=inputs,
            outputs=[output],
            check_specs=checks,
            takes_context=signature.takes_context,
            takes_config=signature.config,
            config_schema=config_schema,
            kwargs_param=signature.has_kwargs,
            resource_params=signature.resources,
            required_resource_keys=(
                *(required_resource_keys or ()),
                *(resource_defs or ()),
                *(signature.resources or ()),
            ),
            resource_defs=bound,
            retry_policy=retry_policy,
            op_tags=op_tags,
            backfill_policy=backfill_policy,
            memoize=memoize,
            hooks=hooks,
            pool=pool,
        )

    return decorate if compute_fn is None else decorate(compute_fn)


def multi_asset(
    *,
    outs: Mapping[str, AssetOut] | None = None,
    name: str | None = None,
    ins: Mapping[str, AssetIn] | None = None,
    deps: Iterable[CoercibleToAssetDep] | None = None,
    description: str | None = None,
    config_schema: Any = None,
    required_resource_keys: AbstractSet[str] | None = None,
    internal_asset_deps: Mapping[str, set[AssetKey]] | None = None,
    partitions_def: object | None = None,
    hooks: AbstractSet[HookDefinition] | None = None,
    backfill_policy: object | None = None,
    op_tags: Mapping[str, Any] | None = None,
    can_subset: bool = False,
    resource_defs: Mapping[str, object] | None = None,
    group_name: str | None = None,
    retry_policy: RetryPolicy | None = None,
    code_version: str | None = None,
    specs: Sequence[AssetSpec] | None = None,
    check_specs: Sequence[AssetCheckSpec] | None = None,
    pool: str | None = None,
    compute_kind: str | None = None,
    memoize: bool = False,
    non_argument_deps: AbstractSet[Any] | None = None,
    allow_arbitrary_check_specs: bool = False,
) -> Callable[[UserFn], AssetsDefinition]:
    """Declares several assets that one function makes: `outs` where it hands over their values, `specs` where
    it writes them itself.
    """
    check_partitions_def(partitions_def)
    deps = _all_deps(deps, non_argument_deps)
    if outs and specs:
        raise DagsterInvalidDefinitionError("Must specify only outs or specs but not both.")
    if internal_asset_deps and specs:
        raise DagsterInvalidDefinitionError(
            "Can not pass internal_asset_deps with specs; say deps on the specs instead."
        )
    check_group(group_name)

    def decorate(fn: UserFn) -> AssetsDefinition:
        step = check_name(name) if name is not None else fn.__name__
        what = f"@multi_asset '{step}'"
        signature = Signature(fn, what, frozenset(ins) if ins else frozenset())
        _check_resources(required_resource_keys, signature, "@multi_asset")
        inputs = value_inputs(signature, ins, step)
        add_deps(inputs, deps, what, None)
        if specs:
            outputs = _outputs_of_specs(specs, inputs, group_name, code_version, compute_kind, what)
        else:
            outputs = _outputs_of_outs(outs or {}, group_name, code_version, compute_kind, what)
        if partitions_def is not None:
            _set_partitions(outputs, partitions_def, what)
        elif not can_subset and len({o.partitions_def for o in outputs if o.partitions_def}) > 1:
            raise DagsterInvalidDefinitionError(
                f"{what}: If different AssetSpecs have different partitions_defs, can_subset must be True"
            )
        keys = {o.key for o in outputs}
        if len(keys) != len(outputs):
            raise DagsterInvalidDefinitionError(f"{what} makes the same asset key twice.")
        if internal_asset_deps:
            _follow(outputs, inputs, internal_asset_deps, what)
        # Where any are allowed, assets that others make may be checked as well.
        checked = {c.asset_key for c in check_specs or ()} if allow_arbitrary_check_specs else ()
        checks = own_checks(check_specs, keys.union(checked)) if check_specs else ()
        for check in checks:
            add_deps(inputs, list(check.additional_deps), what, None)
        return AssetsDefinition(
            name=step,
            fn=fn,
            inputs=inputs,
            outputs=outputs,
            check_specs=checks,
            takes_context=signature.takes_context,
            takes_config=signature.config,
            config_schema=config_schema,
            kwargs_param=signature.has_kwargs,
            resource_params=signature.resources,
            required_resource_keys=(
                *(required_resource_keys or ()),
                *(resource_defs or ()),
                *(signature.resources or ()),
            ),
            resource_defs=resource_defs,
            retry_policy=retry_policy,
            op_tags=op_tags,
            can_subset=can_subset,
            is_multi=True,
            backfill_policy=backfill_policy,
            memoize=memoize,
            hooks=hooks,
            pool=pool,
        )

    return decorate


def asset_key_of(
    fn: UserFn,
    name: str | None,
    key_prefix: CoercibleToAssetKeyPrefix | None,
    key: CoercibleToAssetKey | None,
    what: str,
) -> AssetKey:
    """The key that a decorator's arguments, or else the function's name, give."""
    if not callable(fn):
        raise TypeError(f"{fn!r} is not a callable object")
    if key is not None:
        if name is not None or key_prefix is not None:
            raise DagsterInvalidDefinitionError(
                f"Cannot specify a name or key prefix for {what} when the key argument is provided."
            )
        return AssetKey.from_coercible(key)
    if not name:
        name = getattr(fn, "__name__", None)
        if name is None:
            raise DagsterInvalidDefinitionError(
                f"{what} was given {fn!r}, which has no name of its own: give name or key."
            )
    return AssetKey((*prefix_parts(key_prefix), name)) if key_prefix is not None else AssetKey(name)


def value_inputs(signature: Signature, ins: Mapping[str, AssetIn] | None, step: str) -> list[Input]:
    """The inputs that parameters name, and those that `ins` adds."""
    if not ins:
        return [
            Input(n, AssetKey(n), "", None, annotation, True) for n, annotation in signature.values.items()
        ]
    inputs = []
    for name, annotation in signature.values.items():
        if name in ins:
            inputs.append(_given(name, AssetIn.from_coercible(ins[name]), annotation))
        else:
            inputs.append(Input(name, AssetKey(name), "", None, annotation, True))
    for name, given in ins.items():
        if name in signature.values:
            continue
        one = AssetIn.from_coercible(given)
        if one.dagster_type is Nothing:
            inputs.append(Input("", one.resolve(name), partition_mapping=one.partition_mapping))
        elif signature.has_kwargs:
            inputs.append(_given(name, one, None))
        else:
            raise DagsterInvalidDefinitionError(
                f"Key '{name}' in provided ins dict does not correspond to any of the names of the arguments"
                " to the decorated"
                f" function '{step}'."
            )
    return inputs


def _given(name: str, given: AssetIn, annotation: Any) -> Input:
    if given.dagster_type is not NoValue:
        annotation = given.dagster_type
    by_name = given.key is None and given.key_prefix is None
    return Input(
        name,
        given.resolve(name),
        given.input_manager_key or "",
        given.metadata,
        annotation,
        by_name,
        given.partition_mapping,
    )


def add_deps(
    inputs: list[Input], deps: Iterable[CoercibleToAssetDep] | None, what: str, own: AssetKey | None
) -> None:
    """Adds dependencies without a value; what is already an input with one stays that."""
    if not deps:
        return
    known = {i.key: i.partition_mapping for i in inputs}
    for dep in coerce_deps(deps, what):
        mapping = dep.partition_mapping
        if dep.asset_key not in known:
            inputs.append(Input("", dep.asset_key, "", dep.metadata, partition_mapping=mapping))
        elif (before := known[dep.asset_key]) is not None and mapping is not None and before != mapping:
            raise DagsterInvalidDefinitionError(
                f"Two different PartitionMappings for {dep.asset_key} provided for {what}. Please use the"
                f" same PartitionMapping for {dep.asset_key}."
            )
        known.setdefault(dep.asset_key, mapping)


def _check_resources(keys: AbstractSet[str] | None, signature: Signature, what: str) -> None:
    if keys and signature.resources:
        raise ParameterCheckError(
            f"Invariant violation for parameter Cannot specify resource requirements in both {what} decorator"
            " and as arguments to the decorated function"
        )


def _io_manager(
    key: str | None, definition: object | None, resource_defs: Mapping[str, object] | None, step: str
) -> tuple[str, Mapping[str, object] | None]:
    if definition is None:
        return key or "io_manager", resource_defs
    if key is not None:
        raise CheckError(
            "Invariant failed. Description: Both io_manager_key and io_manager_def were provided to `@asset`"
            " decorator. Please provide one or the other. "
        )
    key = f"{step}__io_manager"
    return key, {**(resource_defs or {}), key: definition}


def own_checks(specs: Sequence[AssetCheckSpec], keys: Collection[AssetKey]) -> Sequence[AssetCheckSpec]:
    """Checks that a step reports are on assets it makes, and each has its own name."""
    told: dict[tuple[AssetKey, str], int] = {}
    for spec in specs:
        if spec.asset_key not in keys:
            raise DagsterInvalidDefinitionError(
                f"Invalid asset key {spec.asset_key} in check spec {spec.name}. Must be one of {list(keys)}"
            )
        told[(spec.asset_key, spec.name)] = told.get((spec.asset_key, spec.name), 0) + 1
    if len(told) != len(specs):
        raise DagsterInvalidDefinitionError(
            f"Duplicate check specs: { ({k: n for k, n in told.items() if n > 1}) }"
        )
    return list(specs)


def _outputs_of_outs(
    outs: Mapping[str, AssetOut],
    group: str | None,
    code_version: str | None,
    compute_kind: str | None,
    what: str,
) -> list[AssetOutput]:
    outputs = []
    for name, out in outs.items():
        check_name(name)
        if group is not None and out.group_name is not None:
            raise CheckError(
                f"{what}: a group name cannot be given for the whole and for the AssetOut {name!r}."
            )
        outputs.append(
            AssetOutput(
                name,
                out.resolve(name),
                group if group is not None else out.group_name,
                out.description,
                out.owners,
                with_kinds(dict(out.tags), [compute_kind] if compute_kind else None, what) or None,
                out.metadata,
                out.code_version if out.code_version is not None else code_version,
                out.is_required,
                out.dagster_type is not Nothing,
                out.io_manager_key or "io_manager",
                None,
                out.dagster_type,
                out.automation_condition,
                out.freshness_policy,
            )
        )
    return outputs


def _outputs_of_specs(
    specs: Sequence[AssetSpec],
    inputs: list[Input],
    group: str | None,
    code_version: str | None,
    compute_kind: str | None,
    what: str,
) -> list[AssetOutput]:
    own = {s.key for s in specs}
    upstream = [i.key for i in inputs]
    outputs = []
    for spec in specs:
        if group is not None and spec.group_name is not None:
            raise CheckError(
                f"{what}: a group name cannot be given for the whole and for the AssetSpec {spec.key}."
            )
        for dep in spec.deps:
            if dep.asset_key == spec.key and dep.partition_mapping is None:
                raise DagsterInvalidDefinitionError(f"{what}: asset {spec.key} cannot depend on itself.")
        outside = own - {spec.key}  # what is made here, but for itself in earlier partitions
        add_deps(inputs, [d for d in spec.deps if d.asset_key not in outside], what, spec.key)
        managed = IO_MANAGER_KEY in spec.metadata
        outputs.append(
            AssetOutput(
                spec.key.to_python_identifier(),
                spec.key,
                group if group is not None else spec.group_name,
                spec.description,
                spec.owners,
                with_kinds(dict(spec.tags), [compute_kind] if compute_kind else None, what) or None,
                spec.metadata,
                spec.code_version if spec.code_version is not None else code_version,
                not spec.skippable,
                managed,
                spec.metadata[IO_MANAGER_KEY] if managed else "io_manager",
                [*upstream, *(d.asset_key for d in spec.deps)],
                automation_condition=spec.automation_condition,
                freshness_policy=spec.freshness_policy,
                partitions_def=spec.partitions_def,
            )
        )
    return outputs


def _set_partitions(outputs: Sequence[AssetOutput], partitions_def: object, what: str) -> None:
    """All have these partitions: none says others, and when one says so all do."""
    said = [o for o in outputs if o.partitions_def is not None]
    for output in said:
        if output.partitions_def != partitions_def:
            raise CheckError(
                f"{what}: the AssetSpec of {output.key.to_user_string()} has partitions_def"
                f" {output.partitions_def!r}, which is different than the partitions_def provided to"
                f" AssetsDefinition: {partitions_def!r}."
            )
    if said and len(said) < len(outputs):
        raise CheckError(
            f"{what}: If partitions_def is provided, then either all specs must have that"
            " PartitionsDefinition or none"
        )
    for output in outputs:
        output.partitions_def = partitions_def


def _follow(
    outputs: list[AssetOutput], inputs: list[Input], internal: Mapping[str, set[AssetKey]], what: str
) -> None:
    by_name = {o.name: o for o in outputs}
    allowed = {i.key for i in inputs} | {o.key for o in outputs}
    for name, keys in internal.items():
        if name not in by_name:
            raise DagsterInvalidDefinitionError(
                f"{what}: internal_asset_deps names the output {name!r}, which is none of"
                f" {', '.join(by_name)}."
            )
        for key in keys:
            if key not in allowed:
                raise DagsterInvalidDefinitionError(
                    f"{what}: {key} in internal_asset_deps is neither an input nor an output of this"
                    " multi-asset."
                )
        by_name[name].follows_from = sorted(keys, key=lambda k: k.parts)
