"""Assets that are made elsewhere: external assets, and functions that look at them."""

from __future__ import annotations

from treadle._assets.decorators import add_deps, asset_key_of
from treadle._assets.definition import AssetsDefinition, ExecutionType
from treadle._assets.inputs_outputs import AssetOutput
from treadle._assets.rules import check_group, check_name, clean_doc, unsupported
from treadle._assets.signature import Signature
from treadle._assets.specs import IO_MANAGER_KEY, AssetCheckSpec, AssetSpec, SourceAsset
from treadle._errors import DagsterInvalidDefinitionError
from treadle._typing import TYPE_CHECKING, overload

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from collections.abc import Set as AbstractSet
    from typing import Any

    from treadle._assets.inputs_outputs import Input
    from treadle._automation.conditions import AutomationCondition
    from treadle._typing import CoercibleToAssetKey, CoercibleToAssetKeyPrefix, UserFn


def external_assets_from_specs(specs: Sequence[AssetSpec]) -> list[AssetsDefinition]:
    """An AssetsDefinition for each spec; nothing makes it."""
    return [external_asset([spec]) for spec in specs]


def external_asset(specs: Sequence[AssetSpec]) -> AssetsDefinition:
    """Assets that nothing makes, as one definition."""
    inputs: list[Input] = []
    for spec in specs:
        add_deps(inputs, spec.deps, f"external asset {spec.key}", spec.key)
    return AssetsDefinition(
        name="external__" + "__".join(s.key.to_python_identifier() for s in specs),
        inputs=inputs,
        outputs=[output_of_spec(s) for s in specs],
        execution_type=ExecutionType.UNEXECUTABLE,
        is_multi=len(specs) > 1,
    )


def output_of_spec(spec: AssetSpec) -> AssetOutput:
    return AssetOutput(
        spec.key.to_python_identifier(),
        spec.key,
        spec.group_name,
        spec.description,
        spec.owners,
        dict(spec.tags) or None,
        spec.metadata,
        spec.code_version,
        not spec.skippable,
        False,
        str(spec.metadata.get(IO_MANAGER_KEY, "io_manager")),
        [d.asset_key for d in spec.deps],
    )


@overload
def observable_source_asset(observe_fn: UserFn, /) -> SourceAsset: ...
@overload
def observable_source_asset(
    observe_fn: None = None,
    *,
    key: CoercibleToAssetKey | None = None,
    name: str | None = None,
    key_prefix: CoercibleToAssetKeyPrefix | None = None,
    metadata: Mapping[str, Any] | None = None,
    io_manager_key: str | None = None,
    io_manager_def: object | None = None,
    description: str | None = None,
    group_name: str | None = None,
    required_resource_keys: AbstractSet[str] | None = None,
    resource_defs: Mapping[str, object] | None = None,
    partitions_def: object | None = None,
    automation_condition: AutomationCondition | None = None,
    op_tags: Mapping[str, Any] | None = None,
    tags: Mapping[str, str] | None = None,
) -> Callable[[UserFn], SourceAsset]: ...


def observable_source_asset(
    observe_fn: UserFn | None = None,
    *,
    key: CoercibleToAssetKey | None = None,
    name: str | None = None,
    key_prefix: CoercibleToAssetKeyPrefix | None = None,
    metadata: Mapping[str, Any] | None = None,
    io_manager_key: str | None = None,
    io_manager_def: object | None = None,
    description: str | None = None,
    group_name: str | None = None,
    required_resource_keys: AbstractSet[str] | None = None,
    resource_defs: Mapping[str, object] | None = None,
    partitions_def: object | None = None,
    automation_condition: AutomationCondition | None = None,
    op_tags: Mapping[str, Any] | None = None,
    tags: Mapping[str, str] | None = None,
) -> Any:
    """Declares an asset that is made elsewhere, and a function that looks at it: it returns a DataVersion, a
    DataVersionsByPartition or an ObserveResult.
    """

    def decorate(fn: UserFn) -> SourceAsset:
        source = SourceAsset(
            asset_key_of(fn, name, key_prefix, key, "@observable_source_asset"),
            metadata,
            io_manager_key,
            io_manager_def,
            description if description is not None else clean_doc(fn.__doc__),
            partitions_def,
            group_name,
            resource_defs,
            fn,
            op_tags,
            automation_condition=automation_condition,
            tags=tags,
        )
        return source._replace(required_resource_keys=frozenset(required_resource_keys or ()))

    return decorate if observe_fn is None else decorate(observe_fn)


def observer_of(source: SourceAsset) -> AssetsDefinition:
    """The step that looks at a source asset."""
    step = source.key.to_python_identifier()
    fn = source.observe_fn
    signature = Signature(fn, f"@observable_source_asset '{step}'")
    _no_inputs(signature, f"@observable_source_asset '{step}'")
    output = output_of_spec(source.to_spec())
    output.name = "result"
    return AssetsDefinition(
        name=step,
        fn=fn,
        inputs=[],
        outputs=[output],
        takes_context=signature.takes_context,
        takes_config=signature.config,
        resource_params=signature.resources,
        required_resource_keys=(*source.required_resource_keys, *(signature.resources or ())),
        resource_defs=source.resource_defs,
        op_tags=source.op_tags,
        execution_type=ExecutionType.OBSERVATION,
    )


def multi_observable_source_asset(
    *,
    specs: Sequence[AssetSpec],
    name: str | None = None,
    description: str | None = None,
    partitions_def: object | None = None,
    can_subset: bool = False,
    required_resource_keys: set[str] | None = None,
    resource_defs: Mapping[str, object] | None = None,
    group_name: str | None = None,
    check_specs: Sequence[AssetCheckSpec] | None = None,
) -> Callable[[UserFn], AssetsDefinition]:
    """Declares several assets that are made elsewhere, and one function that looks at them: it yields an
    ObserveResult for each.
    """
    unsupported("@multi_observable_source_asset", partitions_def=partitions_def)
    check_group(group_name)

    def decorate(fn: UserFn) -> AssetsDefinition:
        step = check_name(name) if name is not None else fn.__name__
        what = f"@multi_observable_source_asset '{step}'"
        signature = Signature(fn, what)
        _no_inputs(signature, what)
        inputs: list[Input] = []
        own = {s.key for s in specs}
        outputs = []
        for spec in specs:
            add_deps(inputs, [d for d in spec.deps if d.asset_key not in own], what, spec.key)
            output = output_of_spec(spec)
            output.group = group_name if group_name is not None else output.group
            outputs.append(output)
        return AssetsDefinition(
            name=step,
            fn=fn,
            inputs=inputs,
            outputs=outputs,
            check_specs=list(check_specs or ()),
            takes_context=signature.takes_context,
            takes_config=signature.config,
            resource_params=signature.resources,
            required_resource_keys=(*(required_resource_keys or ()), *(signature.resources or ())),
            resource_defs=resource_defs,
            can_subset=can_subset,
            is_multi=True,
            execution_type=ExecutionType.OBSERVATION,
        )

    return decorate


def _no_inputs(signature: Signature, what: str) -> None:
    if signature.values:
        raise DagsterInvalidDefinitionError(
            f"{what}: a function that observes receives no values of assets, so the parameter"
            f" {next(iter(signature.values))!r} has no meaning. It may take the context, config and"
            " resources."
        )
